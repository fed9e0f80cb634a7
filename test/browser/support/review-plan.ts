import type { Synthesis } from '../../../src/core/contract/synthesis.ts'
import type { OutputTask } from '../../../src/core/contract/views.ts'
import { stagedPlan, type TaskSketch } from './sketch.ts'
import type { StagedPlan } from './staged-api.ts'

const USAGE = {
  inputTokens: 48_210,
  outputTokens: 3_120,
  cacheReadTokens: 39_800,
  cacheWriteTokens: 5_100,
  steps: 7,
  costUsd: 0.0734,
}

const TASKS: TaskSketch[] = [
  { id: 'security', description: 'Security review', from: 0, to: 42 },
  { id: 'performance', description: 'Performance review', from: 0, to: 26 },
  { id: 'testing', description: 'Test coverage review', from: 0, to: 51 },
  { id: 'architecture', description: 'Architecture assessment', from: 1, to: 34, attempts: 2 },
  { id: 'docs', description: 'Documentation review', from: 1, to: 15, status: 'failed' },
  { id: 'fix-reset', description: 'Fix the reset flow', from: 51, to: 74, wave: 2 },
]

const PATCH = `diff --git a/src/auth/reset.ts b/src/auth/reset.ts
index 83db48f..bf2c1aa 100644
--- a/src/auth/reset.ts
+++ b/src/auth/reset.ts
@@ -44,7 +44,11 @@ export async function resetPassword(token: string, password: string) {
   const entry = await tokens.find(token)
-  if (entry === undefined) throw new UnknownToken()
+  if (entry === undefined || entry.expiresAt < now()) throw new UnknownToken()
   await users.setPassword(entry.userId, await hash(password))
+  await tokens.remove(token)
+  log.info({ userId: entry.userId }, 'password was reset')
 }
diff --git a/test/auth/reset.test.ts b/test/auth/reset.test.ts
new file mode 100644
index 0000000..aa3
--- /dev/null
+++ b/test/auth/reset.test.ts
@@ -0,0 +1,4 @@
+test('refuses a token that has expired', async () => {
+  const token = await issue({ expiresAt: yesterday() })
+  await expect(resetPassword(token, 'new')).rejects.toThrow(UnknownToken)
+})
`

const OUTPUT = `# Security review of the auth service

The session layer is sound. Two paths accept input that **nobody checks**: see \`src/auth/reset.ts\`.

| Area | Files | Result |
| --- | --- | --- |
| Sessions | 6 | one finding |
| Reset | 2 | one finding |

- Tokens are random enough
- Cookies are \`HttpOnly\` and \`Secure\`

<img src=x onerror="window.pwned = true"><script>window.pwned = true</script>
[a link](javascript:window.pwned=true) and ![a picture](https://tracker.example/pixel.gif)
`

function outputs(): OutputTask[] {
  const finding = (id: string, title: string, severity: 'critical' | 'high' | 'medium') => ({
    id,
    title,
    severity,
    confidence: 0.9,
    file: 'src/auth/reset.ts',
    line: 48,
    evidence: 'const entry = await tokens.find(token)',
    recommendation: 'Store an expiry beside each token, and refuse it after 30 minutes.',
  })
  return [
    {
      id: 'security',
      status: 'succeeded',
      description: 'Security review',
      output: OUTPUT,
      findings: [
        finding('security/1', 'Reset tokens never expire', 'critical'),
        finding('security/2', 'Session ids are logged in full', 'high'),
      ],
      usage: USAGE,
    },
    {
      id: 'testing',
      status: 'succeeded',
      description: 'Test coverage review',
      output: 'The reset flow has no test.',
      findings: [finding('testing/1', 'No test covers the reset flow', 'high')],
      usage: USAGE,
    },
    {
      id: 'docs',
      status: 'failed',
      description: 'Documentation review',
      output: '',
      usage: USAGE,
      error: { code: 'provider-error', message: 'The provider answered 529 four times.' },
    },
    {
      id: 'fix-reset',
      status: 'succeeded',
      description: 'Fix the reset flow',
      output: 'Tokens expire now, and are used once.',
      edits: {
        base: '4f1c2ab9d0e7',
        patch: PATCH,
        files: ['src/auth/reset.ts', 'test/auth/reset.test.ts'],
      },
      usage: USAGE,
    },
  ]
}

function synthesis(version: number, createdAt: string): Synthesis {
  return {
    version,
    status: 'succeeded',
    executor: 'model',
    model: 'anthropic:claude-sonnet-4-5',
    createdAt,
    preliminary: false,
    summary: `The auth service is close to release. **One critical finding** stands in the way: reset tokens never expire, and no test would notice. It was fixed in this plan, with a test.

What is left can wait for the next week: session ids in logs, roles that are read three times.`,
    findings: [
      {
        id: 'f-1',
        title: 'Reset tokens never expire',
        severity: 'critical',
        confidence: 0.95,
        category: 'authentication',
        file: 'src/auth/reset.ts',
        line: 48,
        detail:
          'A token from a leaked mailbox works for ever. `tokens.find` does not look at time.',
        recommendation: 'Store an expiry beside each token, and refuse it after 30 minutes.',
        sources: ['security', 'testing'],
      },
      {
        id: 'f-2',
        title: 'Session ids are logged in full',
        severity: 'high',
        confidence: 0.9,
        file: 'src/auth/session.ts',
        line: 112,
        detail: 'Whoever reads the log can take over a session.',
        sources: ['security'],
      },
      {
        id: 'f-3',
        title: 'Every request loads all roles of the tenant',
        severity: 'medium',
        confidence: 0.7,
        file: 'src/auth/roles.ts',
        line: 20,
        detail: '4,000 rows for one check.',
        recommendation: 'Read them once per session.',
        sources: ['performance', 'architecture'],
      },
      {
        id: 'f-4',
        title: 'The mailer is created inside of the handler',
        severity: 'low',
        confidence: 0.6,
        detail: 'It cannot be replaced in a test.',
        sources: ['architecture'],
      },
    ],
    conflicts: [
      {
        between: ['performance', 'architecture'],
        about: 'How roles are kept between requests',
        sides: [
          {
            taskId: 'performance',
            recommendation: 'Cache the roles of a tenant for a minute.',
            evidence: '38% of the time of a request goes into reading them.',
          },
          {
            taskId: 'architecture',
            recommendation: 'Do not cache roles per tenant; read them once per session.',
            evidence: 'A role that was taken away would work for another minute.',
          },
        ],
        resolution:
          'Read them once per session: it removes the cost and keeps a removal immediate.',
        rule: 'what satisfies both sides comes first',
      },
    ],
    actions: [
      {
        rank: 1,
        action: 'Let reset tokens expire after 30 minutes',
        why: 'Critical, found by two tasks, and fixed by the attached patch.',
        findings: ['f-1'],
      },
      {
        rank: 2,
        action: 'Log a hash of the session id',
        why: 'High, and a change of one line.',
        findings: ['f-2'],
      },
      { rank: 3, action: 'Read roles once per session', why: 'Settles f-3.', findings: ['f-3'] },
    ],
    ledger: [
      { finding: 'security/1', fate: 'kept', into: 'f-1' },
      { finding: 'security/2', fate: 'kept', into: 'f-2' },
      { finding: 'testing/1', fate: 'merged', into: 'f-1', reason: 'the same flow' },
      { finding: 'performance/1', fate: 'kept', into: 'f-3' },
      { finding: 'architecture/1', fate: 'merged', into: 'f-3', reason: 'the same rows' },
      { finding: 'architecture/2', fate: 'kept', into: 'f-4' },
      { finding: 'performance/2', fate: 'dropped', reason: 'names a file that does not exist' },
    ],
    coverage: {
      succeeded: ['security', 'performance', 'testing', 'architecture', 'fix-reset'],
      missing: [
        { taskId: 'docs', status: 'failed', error: 'The provider answered 529 four times.' },
      ],
    },
    edits: {
      base: '4f1c2ab9d0e7',
      commit: '9b1e22d7aa01',
      merged: ['fix-reset'],
      conflicts: [],
      patch: PATCH,
    },
    notes: [],
    usage: USAGE,
  }
}

/** A finished review with all that a plan can have. */
export function reviewPlan(planId = 'p-review', title = 'Review the auth service'): StagedPlan {
  const staged = stagedPlan({ id: planId, title, status: 'partial', tasks: TASKS, usage: USAGE })
  for (const output of outputs()) staged.outputs.set(output.id, output)
  const finishedAt = Date.parse(staged.plan.finishedAt ?? '')
  staged.syntheses = [
    synthesis(1, new Date(finishedAt).toISOString()),
    { ...synthesis(2, new Date(finishedAt + 1_000).toISOString()), summary: 'Only what blocks.' },
  ]
  staged.plan.synthesis = { status: 'succeeded', version: 2 }
  staged.plan.overlaps = [
    {
      tasks: ['testing', 'fix-reset'],
      kind: 'read/write',
      files: ['src/auth/reset.ts'],
      fileCount: 1,
    },
    { tasks: ['security', 'docs'], kind: 'write/write', files: ['a.md'], fileCount: 1 },
    { tasks: ['security', 'docs'], kind: 'read/write', files: ['b.md'], fileCount: 2 },
  ]
  return staged
}
