import type { z } from 'zod'
import type { SubmitPlan } from '../../core/contract/submission.ts'

const WORKSPACE = {
  files: {
    'src/auth/session.ts': 'export const sessionId = (user: string) => user + Math.random()\n',
    'test/auth/session.test.ts': "test.skip('no two sessions share an id', () => {})\n",
  },
}

/** Example bodies for `POST /v1/plans`. A test submits each of them. */
export const SUBMISSIONS = {
  tasks: {
    summary: 'Two tasks, written out',
    value: {
      title: 'Review the auth service',
      context: 'An Express service that signs users in. Report findings with file and line.',
      tasks: [
        {
          id: 'security',
          description: 'Security review',
          role: 'Security specialist',
          task: 'Look for ways to sign in as somebody else.',
          files: ['src/auth/**'],
          focusAreas: ['session handling', 'injection'],
        },
        {
          id: 'testing',
          description: 'Test review',
          role: 'Test engineer',
          task: 'Find behaviour of the service that no test covers.',
          files: ['src/auth/**', 'test/auth/**'],
        },
      ],
      policy: { maxConcurrency: 50, budgetUsd: 5 },
      workspace: WORKSPACE,
    },
  },
  perspectives: {
    summary: 'One task for each perspective',
    value: {
      title: 'Four views of one change',
      pattern: {
        kind: 'perspectives',
        perspectives: ['security', 'performance', 'testing', 'architecture'],
        task: { task: 'Review the code for its {{perspective}}.', files: ['src/**'] },
      },
      workspace: WORKSPACE,
    },
  },
  rehearsal: {
    summary: 'A rehearsal, without any model',
    value: {
      title: 'Rehearsal',
      tasks: [
        { prompt: 'first', executor: 'echo', options: { delayMs: 500 } },
        { prompt: 'second', executor: 'echo', options: { delayMs: 500 } },
      ],
      synthesis: { executor: 'merge' },
    },
  },
} satisfies Record<string, { summary: string; value: z.input<typeof SubmitPlan> }>

/** One of them as read back. */
export const STORED_SUBMISSION = {
  title: 'Review the auth service',
  tasks: [{ id: 'security', task: 'Look for holes.', files: ['src/auth/**'] }],
  workspace: {
    files: {
      'src/auth/session.ts': {
        bytes: 63,
        sha256: '5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9',
      },
    },
  },
}
