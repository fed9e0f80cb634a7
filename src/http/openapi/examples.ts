import type { Delivery } from '../../core/contract/delivery.ts'
import type { ExecutorList } from '../../core/contract/executors.ts'
import type { Synthesis } from '../../core/contract/synthesis.ts'
import { NO_USAGE } from '../../core/contract/usage.ts'
import type {
  DryRun,
  OutputTask,
  Plan,
  PlanPage,
  Report,
  TaskDetail,
  TaskOutputAnswer,
  TaskPage,
  TaskSummary,
  Todos,
} from '../../core/contract/views.ts'
import type { WorkersView } from '../../core/contract/workers.ts'

// The examples in the OpenAPI document: one small plan throughout all answers.

const PLAN_ID = 'p00ff6m8vhp2rkc3a9x'
const PLAN_PATH = `/v1/plans/${PLAN_ID}`

const USAGE = {
  inputTokens: 18_240,
  outputTokens: 1_310,
  cacheReadTokens: 9_000,
  cacheWriteTokens: 4_500,
  steps: 6,
  costUsd: 0.0583,
}

export const PLAN: Plan = {
  id: PLAN_ID,
  title: 'Review the auth service',
  status: 'running',
  mode: 'parallel',
  counts: {
    queued: 0,
    running: 2,
    succeeded: 0,
    incomplete: 0,
    failed: 0,
    cancelled: 0,
    skipped: 0,
    total: 2,
  },
  waves: [['security', 'testing']],
  policy: {
    maxConcurrency: 50,
    onFailure: 'continue',
    minSuccess: 0,
    onOverlap: 'reject',
    budgetUsd: 5,
  },
  usage: NO_USAGE,
  synthesis: { status: 'pending', version: 0 },
  metadata: {},
  createdAt: '2026-03-02T09:30:00.000Z',
  startedAt: '2026-03-02T09:30:00.012Z',
  finishedAt: null,
  expiresAt: null,
  links: {
    self: PLAN_PATH,
    tasks: `${PLAN_PATH}/tasks`,
    synthesis: `${PLAN_PATH}/synthesis`,
    events: `${PLAN_PATH}/events`,
  },
}

export const PLAN_PAGE: PlanPage = { items: [PLAN], nextCursor: null }

const TASK: TaskSummary = {
  id: 'security',
  description: 'Security review',
  status: 'succeeded',
  executor: 'model',
  model: 'anthropic:claude-sonnet-4-5',
  dependsOn: [],
  wave: 1,
  attemptCount: 1,
  maxAttempts: 3,
  timings: {
    queuedAt: '2026-03-02T09:30:00.000Z',
    startedAt: '2026-03-02T09:30:00.012Z',
    finishedAt: '2026-03-02T09:30:41.300Z',
  },
  usage: USAGE,
  links: {
    self: `${PLAN_PATH}/tasks/security`,
    output: `${PLAN_PATH}/tasks/security/output`,
    steps: `${PLAN_PATH}/tasks/security/steps`,
  },
}

export const TASK_PAGE: TaskPage = { items: [TASK], nextCursor: null }

export const TASK_DETAIL: TaskDetail = {
  ...TASK,
  attempts: [
    {
      number: 1,
      outcome: 'succeeded',
      startedAt: '2026-03-02T09:30:00.012Z',
      finishedAt: '2026-03-02T09:30:41.300Z',
      workerId: 'worker-1',
      usage: USAGE,
    },
  ],
  timeoutMs: 600_000,
  priority: 0,
  files: ['src/auth/**'],
  prompt:
    'An Express service that signs users in. Report findings with file and line.\n\n# Role\nSecurity specialist\n\n# Task\nLook for ways to sign in as somebody else.',
}

export const OUTPUT_TASK: OutputTask = {
  id: 'security',
  status: 'succeeded',
  description: 'Security review',
  output: 'The session cookie is accepted without its signature when …',
  findings: [
    {
      id: 'security/1',
      title: 'Session cookie is not verified',
      severity: 'critical',
      confidence: 0.9,
      category: 'authentication',
      file: 'src/auth/session.ts',
      line: 41,
      recommendation: 'Compare the signature before the payload is read.',
    },
  ],
  usage: USAGE,
}

export const TASK_OUTPUT: TaskOutputAnswer = { retrievalStatus: 'success', task: OUTPUT_TASK }

export const SYNTHESIS: Synthesis = {
  version: 1,
  status: 'succeeded',
  executor: 'model',
  model: 'anthropic:claude-sonnet-4-5',
  createdAt: '2026-03-02T09:30:52.700Z',
  preliminary: false,
  summary: '## Review the auth service\n\nOne critical finding, seen by both tasks …',
  findings: [
    {
      id: 'f-1',
      title: 'Session cookie is not verified',
      severity: 'critical',
      confidence: 0.9,
      category: 'authentication',
      file: 'src/auth/session.ts',
      line: 41,
      detail: 'The payload is trusted before its signature is compared, and no test covers it.',
      recommendation: 'Compare the signature before the payload is read.',
      sources: ['security', 'testing'],
    },
  ],
  conflicts: [],
  actions: [
    {
      rank: 1,
      action: 'Verify the session cookie',
      why: 'Anybody can sign in as anybody.',
      findings: ['f-1'],
    },
  ],
  ledger: [
    { finding: 'security/1', fate: 'kept', into: 'f-1' },
    { finding: 'testing/1', fate: 'merged', into: 'f-1', reason: 'the same place and cause' },
  ],
  coverage: { succeeded: ['security', 'testing'], missing: [] },
  notes: [],
  usage: USAGE,
}

export const FINISHED_PLAN = {
  ...PLAN,
  status: 'succeeded' as const,
  counts: { ...PLAN.counts, running: 0, succeeded: 2 },
  usage: USAGE,
  synthesis: SYNTHESIS,
  finishedAt: '2026-03-02T09:30:52.700Z',
}

export const DRY_RUN: DryRun = {
  tasks: [
    {
      id: 'security',
      description: 'Security review',
      executor: 'model',
      model: 'anthropic:claude-sonnet-4-5',
      dependsOn: [],
      waitsFor: [],
      files: ['src/auth/**'],
      timeoutMs: 600_000,
      attempts: 3,
      priority: 0,
      prompt: '# Role\nSecurity specialist\n\n# Task\nLook for ways to sign in as somebody else.',
    },
  ],
  waves: [['security']],
  overlaps: [],
  warnings: [],
  advice: [
    {
      code: 'single-task',
      message: 'A plan of one task gains nothing from running in parallel.',
      tasks: ['security'],
    },
  ],
  estimate: {
    tasks: 1,
    tokens: { low: 4_000, high: 40_000 },
    costUsd: { low: 0.01, high: 0.2 },
    unpricedModels: [],
  },
}

export const REPORT: Report = {
  wallMs: 41_300,
  idleMs: 0,
  sumOfTaskMs: 79_900,
  coreWaitMs: 0,
  speedup: 1.93,
  effectiveParallelism: 1.93,
  criticalPathMs: 41_288,
  queueWaitMs: { p50: 12, p95: 13, max: 13 },
  stragglers: [],
  usage: USAGE,
  cost: {
    tasksUsd: 0.0462,
    synthesisUsd: 0.0121,
    estimateUsd: { low: 0.02, high: 0.4 },
    topTasks: [{ taskId: 'security', costUsd: 0.0462 }],
  },
  diagnostics: [],
}

export const TODOS: Todos = {
  todos: [
    { content: 'Security review', status: 'completed', activeForm: 'Running: Security review' },
    { content: 'Test review', status: 'in_progress', activeForm: 'Running: Test review' },
    { content: 'Synthesis', status: 'pending', activeForm: 'Writing the synthesis' },
  ],
}

export const EXECUTORS: ExecutorList = {
  default: 'model',
  defaultModel: 'anthropic:claude-sonnet-4-5',
  items: [
    {
      name: 'echo',
      description: 'Answers with its prompt; for rehearsals, tests and load.',
      available: true,
      tools: [],
      capabilities: {
        readsWorkspace: false,
        requiresWorkspace: false,
        writesWorkspace: false,
        usesModel: false,
        structuredOutput: false,
        resumes: false,
        readsMessages: false,
      },
      cost: 'counted',
      options: { type: 'object', properties: { delayMs: { type: 'integer', minimum: 0 } } },
    },
  ],
}

export const DELIVERY: Delivery = {
  id: 'p00ff6m8vhp2rkc3a9x-1772443852700-0',
  type: 'plan.finished',
  status: 'delivered',
  attempts: [
    { at: '2026-03-02T09:30:52.900Z', statusCode: 503, error: 'the receiver answered 503' },
    { at: '2026-03-02T09:30:58.100Z', statusCode: 204 },
  ],
  nextAttemptAt: null,
}

export const WORKERS: WorkersView = {
  workers: [
    {
      id: 'worker-1',
      host: 'runner-a',
      pid: 4711,
      version: '0.1.0',
      startedAt: '2026-03-02T08:00:00.000Z',
      lastSeenAt: '2026-03-02T09:30:10.000Z',
      concurrency: 100,
      running: 2,
      executors: ['echo', 'model', 'static'],
    },
  ],
  queues: [{ name: 'tasks', shard: 0, waiting: 0, active: 2, delayed: 0 }],
  providers: [{ key: 'anthropic:claude-sonnet-4-5', heldUntil: null, concurrency: null }],
}

export const EVENT_STREAM = [
  'retry: 1000',
  '',
  'id: 1772443800012-0',
  'event: task.started',
  'data: {"taskId":"security","attempt":1}',
  '',
  '',
].join('\n')
