import type { z } from 'zod'
import type { SubmitPlan, SynthesisSpec } from '../core/submission.ts'

export type { PlanStatus, TaskStatus } from '../core/status.ts'
export type { Synthesis, SynthesisFinding } from '../core/synthesis.ts'
export type {
  DryRun,
  ExecutorList,
  OutputTask,
  Plan,
  Report,
  TaskDetail,
  TaskOutputAnswer as TaskOutput,
  TaskSummary,
  Todos,
} from '../core/views.ts'
export type PlanSubmission = z.input<typeof SubmitPlan>
export type SynthesisRequest = z.input<typeof SynthesisSpec>
