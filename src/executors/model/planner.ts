import { z } from 'zod'
import { TaskFiles, TaskId } from '../../core/contract/task-spec.ts'
import type { GoalPlanner } from '../../core/ports/models.ts'
import { resolveSetup } from './call-settings.ts'
import type { ModelSetup } from './options.ts'

/** What the model is asked for: the structured fields of tasks, and their order if there is one. */
const AskedTask = z.object({
  id: TaskId,
  description: z.string().min(1).max(200).describe('Three to five words.'),
  role: z.string().min(1),
  task: z.string().min(1).describe('All that the subagent has to know and do.'),
  context: z.string().min(1).optional(),
  files: TaskFiles.optional().describe('Globs that it reads, or { read, write }.'),
  outputFormat: z.string().min(1).optional(),
  focusAreas: z.array(z.string().min(1)).optional(),
  dependsOn: z.array(TaskId).optional(),
})

/**
 * What is taken from the answer: only these fields, whatever their values. They are checked like a
 * submission's, so that the planner is told what is wrong with them.
 */
const TakenTask = z.record(z.string(), z.unknown()).transform((task) => {
  const members = Object.keys(AskedTask.shape)
  return Object.fromEntries(Object.entries(task).filter(([name]) => members.includes(name)))
})

const listOf = <Task extends z.ZodType>(task: Task) =>
  z.object({ tasks: z.array(task).min(1).max(50) })

const INSTRUCTIONS = [
  'You divide a goal into tasks for subagents that work at the same time, each alone, without seeing',
  'what the others do. Make the tasks independent: none needs the result of another, and no two write',
  'the same file. Give each task files of its own to write, and say in its text what the others take',
  'care of, as far as it has to fit together: names, interfaces, places. Use dependsOn only where',
  'there is no other way. Between two and ten tasks are right for most goals; do not invent work.',
].join(' ')

/** Has a model plan the tasks for a goal in one call. */
export function modelPlanner(options: ModelSetup): GoalPlanner {
  const setup = resolveSetup(options)
  const { $schema: _dialect, ...jsonSchema } = z.toJSONSchema(listOf(AskedTask), { io: 'input' })
  return async ({ goal, context, files, problems }, options) => {
    const { askForData } = await import('./structured.ts')
    const parts = [
      `The goal: ${goal}`,
      context === '' ? '' : `What is known of the project:\n${context}`,
      files.length === 0 ? '' : `Files of the project:\n${files.join('\n')}`,
      problems.length === 0
        ? ''
        : `Your last plan could not be used. Write another one that avoids this:\n${problems.map((problem) => `- ${problem}`).join('\n')}`,
      `Answer with JSON alone, by this JSON Schema:\n${JSON.stringify(jsonSchema)}`,
    ]
    const { value } = await askForData(setup, {
      instructions: INSTRUCTIONS,
      prompt: parts.filter((part) => part !== '').join('\n\n'),
      schema: listOf(TakenTask),
      jsonSchema,
      model: undefined,
      ...options,
    })
    return { tasks: value.tasks }
  }
}
