import type { Message, Step, StepPage } from '../../core/contract/steps.ts'

export const STEP: Step = {
  number: 1,
  attempt: 1,
  kind: 'model',
  model: 'anthropic:claude-sonnet-4-5',
  text: 'I look at how sessions are verified.',
  toolCalls: [
    {
      id: 'toolu_01',
      name: 'read',
      arguments: { path: 'src/auth/session.ts' },
      result: '1\timport { createHmac } from "node:crypto"',
      isError: false,
    },
  ],
  usage: {
    inputTokens: 3_100,
    outputTokens: 60,
    cacheReadTokens: 2_800,
    cacheWriteTokens: 0,
    steps: 1,
    costUsd: 0.0026,
  },
  startedAt: '2026-03-02T09:30:01.200Z',
  finishedAt: '2026-03-02T09:30:03.900Z',
  links: { self: '/v1/plans/p00ff6m8vhp2rkc3a9x/tasks/security/steps/1' },
}

export const MESSAGE: Message = {
  id: '0f0c8f0e-54c6-4d0b-9a55-2f3c7a0f5f0a',
  text: 'Leave out src/legacy: it is about to be removed.',
}

export const STEP_PAGE: StepPage = { items: [STEP], nextCursor: null }
