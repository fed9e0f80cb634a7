import type { TaskSpec } from '../contract/task-spec.ts'
import type { TaskOutput } from '../ports/executor.ts'
import type { TaskState } from '../ports/records.ts'
import { outputTask } from '../read/plan-views.ts'

/** JSON of `OutputTask`, from a stored output. */
export function exportOutput(
  { spec, state }: { spec: TaskSpec; state: TaskState },
  stored: Uint8Array,
): Uint8Array {
  const output = JSON.parse(new TextDecoder().decode(stored)) as TaskOutput
  return new TextEncoder().encode(JSON.stringify(outputTask(spec, state, output)))
}
