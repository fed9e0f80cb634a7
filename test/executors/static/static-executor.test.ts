import { describe, expect, test } from 'vitest'
import { NO_USAGE } from '../../../src/core/contract/usage.ts'
import { staticExecutor } from '../../../src/executors/static/static-executor.ts'
import { aTask, aWorkspace, execute, review } from './support.ts'

const SQL = 'export const find = (id) => db.query("SELECT a FROM b WHERE c = " + id)\n'
const CLONE = 'export const copy = (value: unknown) => JSON.parse(JSON.stringify(value))\n'
const FOCUSED = "test.only('adds', () => { expect(add(1, 2)).toBe(3) })\n"
const CYCLE = {
  'src/a.ts': "import { b } from './b.ts'\nexport const a = () => b()\n",
  'src/b.ts': "import { a } from './a.ts'\nexport const b = () => a()\n",
}
const ONE_OF_EACH = {
  ...CYCLE,
  'src/sql.ts': SQL,
  'src/clone.ts': CLONE,
  'test/all.test.ts': `import '../src/a.ts'\nimport '../src/sql.ts'\nimport '../src/clone.ts'\n${FOCUSED}`,
}

describe('the executor `static`', () => {
  test('says what it can do, and what its options are', () => {
    expect(staticExecutor().describe()).toMatchObject({
      name: 'static',
      available: true,
      tools: [],
      capabilities: { readsWorkspace: true, usesModel: false, structuredOutput: false },
      options: {
        additionalProperties: false,
        properties: {
          perspective: { enum: ['security', 'performance', 'testing', 'architecture', 'all'] },
          maxFindings: { default: 200 },
        },
      },
    })
    expect(staticExecutor().lane).toBe('cpu')
  })

  test('takes its own options and names what it does not take', () => {
    const executor = staticExecutor()
    expect(executor.validate(aTask())).toEqual([])
    expect(
      executor.validate(aTask({ options: { perspective: 'testing', maxFindings: 5 } })),
    ).toEqual([])
    const wrong = aTask({
      options: { perspective: 'taste', maxFindings: 0, depth: 3 },
      model: 'local:a',
      tools: ['read'],
      outputSchema: { type: 'object' },
    })
    expect(executor.validate(wrong).map(({ path }) => path.join('.'))).toEqual([
      'options.perspective',
      'options.maxFindings',
      'options.depth',
      'model',
      'tools',
      'outputSchema',
    ])
  })

  test('refuses a task without a workspace', async () => {
    await expect(execute(undefined)).rejects.toMatchObject({
      name: 'PermanentError',
      code: 'no-workspace',
    })
  })

  test('a perspective chooses what runs, by option or by the words of the task', async () => {
    const byOption = async (perspective: string) =>
      (await review(ONE_OF_EACH, { options: { perspective } })).ids
    expect(await byOption('security')).toEqual(['sql-injection'])
    expect(await byOption('performance')).toEqual(['json-clone'])
    expect(await byOption('testing')).toEqual(['focused-test'])
    expect(await byOption('architecture')).toEqual(['import-cycle'])
    expect((await byOption('all')).toSorted()).toEqual([
      'focused-test',
      'import-cycle',
      'json-clone',
      'sql-injection',
    ])
    const { ids } = await review(ONE_OF_EACH, { role: 'Performance specialist' })
    expect(ids).toEqual(['json-clone'])
  })

  test('findings carry all that a synthesis needs, the most severe first', async () => {
    const { output, status, usage } = await review(ONE_OF_EACH)
    expect(status).toBe('succeeded')
    expect(usage).toEqual(NO_USAGE)
    expect(output.findings?.map(({ severity }) => severity)).toEqual([
      'high',
      'high',
      'medium',
      'low',
    ])
    expect(output.findings?.[0]).toEqual({
      title: 'SQL statement built from values',
      severity: 'high',
      confidence: 0.8,
      category: 'security',
      file: 'src/sql.ts',
      line: 1,
      detail: expect.stringContaining('[sql-injection]'),
      evidence: SQL.trim(),
      recommendation: expect.stringContaining('parameters'),
    })
  })

  test('the text says what it is, what ran, what was found and what was not looked at', async () => {
    const { output } = await review({ ...ONE_OF_EACH, 'tool.py': 'print(1)\n' })
    expect(output.text).toContain('# Static analysis: all perspectives')
    expect(output.text).toContain('No model read it')
    expect(output.text).toContain('**4 findings** (2 high, 1 medium, 1 low)')
    expect(output.text).toContain('`src/sql.ts:1`')
    expect(output.text).toMatch(/oxlint: \d+ rules, 5 files/)
    expect(output.text).toContain('searched for secrets only: 1 (`1 × .py`)')
  })

  test('nothing found is a success that says how much was looked for', async () => {
    const { output, status } = await review(
      { 'src/a.ts': 'export const a = 1\n' },
      { options: { perspective: 'performance' } },
    )
    expect(status).toBe('succeeded')
    expect(output.findings).toEqual([])
    expect(output.text).toMatch(
      /No findings by these \d+ rules in 1 TypeScript or JavaScript file\./,
    )
  })

  test('nothing to review is not a success', async () => {
    const missing = await review(ONE_OF_EACH, { files: ['lib/**'] })
    expect(missing).toMatchObject({ status: 'incomplete', reason: { code: 'nothing-to-analyse' } })
    const python = await review({ 'a.py': 'a\n' }, { options: { perspective: 'performance' } })
    expect(python).toMatchObject({ status: 'incomplete', reason: { code: 'nothing-to-analyse' } })
    const secrets = await review({ 'a.py': 'a\n' }, { options: { perspective: 'security' } })
    expect(secrets.status).toBe('succeeded')
  })

  test('`maxFindings` keeps the most severe ones and says how many were left out', async () => {
    const { output } = await review(ONE_OF_EACH, { options: { maxFindings: 2 } })
    expect(output.findings?.map(({ severity }) => severity)).toEqual(['high', 'high'])
    expect(output.text).toContain('2 further findings')
    expect(output.text).toContain('**4 findings**')
  })

  test('says the same every time', async () => {
    const root = await aWorkspace(ONE_OF_EACH)
    const outcomes = await Promise.all([execute(root), execute(root)])
    expect(outcomes[0]).toEqual(outcomes[1])
  })

  test('what one rule finds often in a file is one finding with the lines', async () => {
    const { output } = await review(
      { 'src/a.ts': CLONE.repeat(3).replaceAll('copy', 'a') },
      { options: { perspective: 'performance' } },
    )
    expect(output.findings).toMatchObject([
      {
        title: 'Deep copy through JSON (3 places)',
        line: 1,
        evidence: expect.stringContaining('Also on lines 2, 3'),
      },
    ])
  })

  test('reads every kind of TypeScript and JavaScript', async () => {
    const code = 'const copy = JSON.parse(JSON.stringify(value))\n'
    const names = ['a.ts', 'b.mts', 'c.cts', 'd.tsx', 'e.js', 'f.mjs', 'g.cjs', 'h.jsx']
    const { where } = await review(Object.fromEntries(names.map((name) => [`src/${name}`, code])), {
      options: { perspective: 'performance' },
    })
    expect(where).toEqual(names.map((name) => `src/${name}:1`))
  })

  test('a file with syntax errors is searched in what can be parsed, and named', async () => {
    const { ids, output } = await review(
      { 'src/a.ts': `${CLONE}export function broken( {\n` },
      { options: { perspective: 'performance' } },
    )
    expect(ids).toEqual(['json-clone'])
    expect(output.text).toMatch(/With syntax errors.*: 1 \(`src\/a\.ts`\)/)
  })

  test('names what a text is about in words that Markdown leaves alone', async () => {
    const { output } = await review(
      {
        'src/a`b<i>.ts':
          'export const a = (b: unknown) => JSON.parse(JSON.stringify(b)) // `<script>`\n',
      },
      { options: { perspective: 'performance' } },
    )
    expect(output.text).toContain('`` src/a`b<i>.ts:1 ``')
    expect(output.text).toContain('`` export const a')
  })
})
