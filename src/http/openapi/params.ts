import { z } from 'zod'

// Text that cannot be an id never reaches the store; `validatorCompiler` determines the answer.

const planId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/)
  .describe('The id of the plan.')
const taskId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/)
  .describe('The id of the task, unique in its plan.')
const version = z
  .string()
  .regex(/^[1-9]\d{0,8}$/)
  .transform(Number)
  .describe('The version of the synthesis, from 1.')

const step = z
  .string()
  .regex(/^[1-9]\d{0,8}$/)
  .transform(Number)
  .describe('The number of the step, from 1.')

export const PlanParams = z.object({ planId })
export const TaskParams = z.object({ planId, taskId })
export const StepParams = z.object({ planId, taskId, number: step })
export const VersionParams = z.object({ planId, version })
