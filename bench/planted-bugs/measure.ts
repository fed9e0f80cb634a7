import { randomUUID } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Synthesis } from '../../src/core/contract/synthesis.ts'
import { startRedisServer } from '../../test/support/redis-server.ts'
import { call, startService } from '../../test/support/service.ts'
import { table } from '../figures.ts'
import { plantBugs, scoreFindings } from './plant-bugs.ts'

// Plants known bugs into a copy of FOLDER, then has a plan of several reviewers and a single
// reviewer look for them. `node bench/planted-bugs/measure.ts FOLDER [--executor model] [--bugs
// 70]`. With a model, the environment needs TUTTI_MODEL and its provider's key and address.

const PERSPECTIVES = ['security', 'performance', 'testing', 'architecture']
const WAIT_S = 3_600

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    executor: { type: 'string', default: 'static' },
    bugs: { type: 'string', default: '70' },
  },
})
const [folder] = positionals
if (folder === undefined) {
  process.stderr.write('node bench/planted-bugs/measure.ts FOLDER [--executor NAME] [--bugs N]\n')
  process.exit(2)
}

const root = await mkdtemp(join(tmpdir(), 'tutti-planted-'))
const redis = await startRedisServer()
try {
  const code = join(root, 'code')
  await cp(folder, code, { recursive: true })
  const paths = globSync('**/*.{ts,js,mjs}', { cwd: code, exclude: ['**/node_modules/**'] }).sort()
  const planted = plantBugs(
    Object.fromEntries(paths.map((path) => [path, readFileSync(join(code, path), 'utf8')])),
    Number(values.bugs),
  )
  for (const [path, text] of Object.entries(planted.files)) await writeFile(join(code, path), text)
  const kinds = new Set(planted.bugs.map(({ kind }) => kind)).size
  process.stdout.write(
    `${planted.bugs.length} bugs of ${kinds} kinds in ${paths.length} files, executor ${values.executor}\n\n`,
  )
  const service = await startService({
    redisUrl: redis.url,
    prefix: `bench-${randomUUID().slice(0, 8)}`,
    env: { ...modelSettings(), TUTTI_WORKSPACE_ROOTS: root, LOG_LEVEL: 'warn' },
  })
  try {
    const rows: string[][] = []
    for (const reviewers of [PERSPECTIVES, ['all']]) {
      rows.push(await review(service.url, code, reviewers, planted.bugs))
    }
    process.stdout.write(
      table(['', 'findings', 'bugs found', 'recall', 'precision', 'US dollars', 'seconds'], rows),
    )
  } finally {
    await service.stop()
  }
} finally {
  await redis.stop()
  await rm(root, { recursive: true, force: true })
}

function modelSettings(): Record<string, string> {
  const settings = Object.entries(process.env).filter(([name]) =>
    /^TUTTI_MODEL|_(?:API_KEY|BASE_URL)$/.test(name),
  )
  return Object.fromEntries(settings.map(([name, value = '']) => [name, value]))
}

async function review(
  url: string,
  code: string,
  reviewers: readonly string[],
  bugs: Parameters<typeof scoreFindings>[0],
): Promise<string[]> {
  const started = performance.now()
  const { body: plan, status } = await call<{ id: string; usage: { costUsd: number } }>(
    `${url}/v1/plans`,
    'POST',
    {
      title: 'Find the bugs',
      workspace: { path: code },
      tasks: reviewers.map((reviewer) => ({
        id: reviewer,
        prompt: `Look for bugs in the code${reviewer === 'all' ? '' : `, for those of ${reviewer} first`}. Report each with its file and line.`,
        executor: values.executor,
        ...(values.executor === 'static'
          ? { options: { perspective: reviewer, maxFindings: 2_000 } }
          : {}),
      })),
    },
  )
  if (status !== 202 && status !== 200)
    throw new Error(`the plan was refused: ${JSON.stringify(plan)}`)
  const synthesis = await finalSynthesis(`${url}/v1/plans/${plan.id}`)
  const seconds = (performance.now() - started) / 1_000
  const { body: ended } = await call<typeof plan>(`${url}/v1/plans/${plan.id}`)
  const { found, right } = scoreFindings(bugs, synthesis.findings)
  return [
    reviewers.length === 1 ? 'one reviewer' : `${reviewers.length} reviewers`,
    `${synthesis.findings.length}`,
    `${found}`,
    (found / bugs.length).toFixed(2),
    (right / Math.max(1, synthesis.findings.length)).toFixed(2),
    ended.usage.costUsd.toFixed(2),
    seconds.toFixed(1),
  ]
}

async function finalSynthesis(plan: string): Promise<Synthesis> {
  for (const started = performance.now(); performance.now() - started < WAIT_S * 1_000; ) {
    const { status, body } = await call<Synthesis>(`${plan}/synthesis?wait=30`)
    if (status === 200 && !body.preliminary) return body
  }
  throw new Error(`no synthesis within ${WAIT_S} s`)
}
