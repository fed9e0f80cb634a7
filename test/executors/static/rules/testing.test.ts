import { describe, expect, test } from 'vitest'
import type { SyntaxRule } from '../../../../src/executors/static/rules/rule.ts'
import { TESTING_RULES } from '../../../../src/executors/static/rules/testing.ts'
import { hitsIn, testSamples } from './samples.ts'

describe('rules on tests', () => {
  testSamples(TESTING_RULES, {
    'focused-test': {
      bad: [
        "describe.only('a', () => { it('b', () => { expect(a).toBe(1) }) })",
        "test.only('a', () => { expect(a).toBe(1) })",
        "fit('a', () => { expect(a).toBe(1) })",
        "it.only.each([1])('a', () => { expect(a).toBe(1) })",
      ],
      good: ["test('only', () => { expect(list.only('a')).toBe(1) })"],
    },
    'skipped-test': {
      bad: [
        "it.skip('a', () => { expect(a).toBe(1) })",
        "xdescribe('a', () => { it('b', () => { expect(a).toBe(1) }) })",
        "test('a', (t) => { t.skip(); assert.ok(a) })",
      ],
      good: [
        "test.skipIf(isWindows)('a', () => { expect(a).toBe(1) })",
        "test('a', (t) => { if (isWindows) t.skip(); assert.ok(a) })",
        "test.skip(isWindows, 'not on this platform'); test('a', () => { expect(a).toBe(1) })",
        "test('a', () => { expect(cursor.skip('b')).toBe(1) })",
      ],
    },
    'no-assertion': {
      bad: [
        "test('a', async () => { await run() })",
        "it('a', () => { const b = make(); b.start() })",
        "test('a', () => {})",
      ],
      good: [
        "test('a', () => { expect(a).toBe(1) })",
        "test('a', (t) => { t.is(a, 1) })",
        "test('a', () => { assert.equal(a, 1) })",
        "function same(a, b) { if (a !== b) throw new Error('no') }\ntest('a', () => { same(a, 1) })",
        "const look = (a) => expect(a).toBe(1)\ntest('a', () => { look(a) })",
        "import { verify } from './support.ts'\ntest('a', () => { verify(a) })",
        "import { sees } from './support.ts'\ntest('a', () => { sees(a) })",
        "it('a', () => request(app).get('/').expect(200))",
        "test.todo('a')",
        "test('a', async (t) => { await t.test('b', () => { assert.ok(a) }) })",
      ],
    },
    'sleep-in-test': {
      bad: [
        "test('a', async () => { await new Promise((r) => setTimeout(r, 500)); expect(a).toBe(1) })",
        "test('a', async () => { await sleep(1_000); expect(a).toBe(1) })",
        "it('a', async () => { await page.waitForTimeout(300); expect(a).toBe(1) })",
      ],
      good: [
        "test('a', async () => { await new Promise((r) => setTimeout(r, 0)); expect(a).toBe(1) })",
        "test('a', async () => { while (!done) { await sleep(10) } expect(a).toBe(1) })",
        "const slow = async () => { await sleep(100) }\ntest('a', async () => { await expect(slow()).resolves.toBe(1) })",
        "test('a', async () => { await waitFor(() => expect(a).toBe(1)) })",
      ],
    },
    'error-swallowed-in-test': {
      bad: [
        "test('a', async () => { try { await run() } catch (error) { expect(error.code).toBe('X') } })",
        "test('a', async () => { try { expect(await run()).toBe(1) } catch {} })",
      ],
      good: [
        "test('a', async () => { await expect(run()).rejects.toThrow() })",
        "test('a', async () => { expect.assertions(1); try { await run() } catch (error) { expect(error.code).toBe('X') } })",
        "test('a', async () => { try { await run(); throw new Error('no') } catch (error) { expect(error.code).toBe('X') } })",
        "test('a', async () => { let error; try { await run() } catch (e) { error = e } expect(error.code).toBe('X') })",
        "test('a', async () => { try { expect(await run()).toBe(1) } finally { close() } })",
        "afterEach(async () => { try { await stop() } catch {} })\ntest('a', () => { expect(a).toBe(1) })",
      ],
    },
    'tautological-assertion': {
      bad: [
        "test('a', () => { expect(true).toBe(true) })",
        "test('a', () => { expect(true).toBeTruthy() })",
      ],
      good: [
        "test('a', () => { expect(a).toBe(true) })",
        "test('a', () => { expect(1).toBe(value) })",
        "test('a', () => { expect(true).toBe(value) })",
      ],
    },
  })

  test('a `catch` that drops failed assertions is worse than one that only asserts itself', () => {
    const rule = TESTING_RULES.find(({ id }) => id === 'error-swallowed-in-test') as SyntaxRule
    const code = "test('a', async () => { try { expect(await run()).toBe(1) } catch {} })"
    expect(hitsIn(rule, code)).toMatchObject([{ severity: 'high' }])
  })

  test('code that is not a test is ignored', () => {
    const rule = TESTING_RULES.find(({ id }) => id === 'sleep-in-test') as SyntaxRule
    const code = "test('a', async () => { await sleep(1_000) })"
    expect(hitsIn(rule, code, 'src/a.ts')).toEqual([])
  })
})
