import { z } from 'zod'
import { checkOptions } from '../core/contract/field-errors.ts'
import type { TaskSpec } from '../core/contract/task-spec.ts'

/** An option with which a task names something that the operator configured. */
export interface ConfiguredNames {
  names: string[]
  /**
   * A JSON Schema of `task.options`. The option is optional if there is only one name.
   */
  options: Record<string, unknown>
  /** Problems with the options of a task whose executor has neither models nor tools. */
  validate(spec: TaskSpec): { path: (string | number)[]; message: string }[]
}

export function configuredNames(
  executor: string,
  option: string,
  names: string[],
  /** Further options of a task. */
  more: z.core.$ZodLooseShape = {},
): ConfiguredNames {
  const name = z.enum(names)
  const options = z.strictObject({ [option]: names.length === 1 ? name.optional() : name, ...more })
  return {
    names,
    options: z.toJSONSchema(options, { io: 'input' }),
    validate(spec) {
      const problems = checkOptions(options, spec.options)
      for (const field of ['model', 'tools'] as const) {
        if (spec[field] === undefined) continue
        problems.push({
          path: [field],
          message: `is not supported by the executor \`${executor}\``,
        })
      }
      return problems
    },
  }
}
