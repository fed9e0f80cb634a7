import { stringify } from 'safe-stable-stringify'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { Executor, TaskOutput } from '../ports/executor.ts'

/** A hash as text, long enough that no two different texts have the same. */
export type Hash = (text: string) => string

export interface KeyedTask {
  tenant: string
  /** Of the service, and so of its executors. */
  version: string
  executor: Pick<Executor, 'name' | 'models'>
  spec: TaskSpec
  /** Of the plan's shared context. */
  contextHash: string
  prompt: string
  hasWorkspace: boolean
  /** Of the tasks that it depends on; see `outputHash`. */
  outputHashes: readonly string[]
}

/** Counts changes in how keys are made. */
const EDITION = 1

/**
 * A hash of everything that a task's output depends on, except the contents of files: they are compared
 * one by one, because which of them it reads is only known once it has run.
 */
export function taskKey(hash: Hash, task: KeyedTask): string {
  const { spec, executor } = task
  return hash(
    stringify([
      EDITION,
      task.tenant,
      task.version,
      executor.name,
      executor.models?.(spec).map(({ name }) => name),
      spec.model,
      spec.escalate,
      spec.options,
      spec.tools,
      spec.outputSchema,
      spec.files,
      task.contextHash,
      task.prompt,
      task.hasWorkspace,
      task.outputHashes,
    ]) ?? '',
  )
}

/** What a dependent can see of an output, apart from edits, which it finds in its folder. */
export function outputHash(hash: Hash, output: TaskOutput | undefined): string {
  return hash(JSON.stringify([output?.text ?? '', output?.data]))
}
