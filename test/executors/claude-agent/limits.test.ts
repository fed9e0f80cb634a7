import { expect, test } from 'vitest'
import type { Allowance } from '../../../src/core/budget/allowance.ts'
import { soleAllowance } from '../../../src/core/budget/allowances.ts'
import { aContext, aRequest } from '../requests.ts'
import { anAgent, optionsFor, run } from './an-agent.ts'
import { answer, failedCall, result, type Step } from './stand-in.ts'

test.each([
  ['error_max_turns', 'step-limit'],
  ['error_max_budget_usd', 'cost-limit'],
])('a limit leaves what there is: %s', async (subtype, code) => {
  const script = [...answer('Half.'), result({ subtype, is_error: true }), new Error('a limit')]
  expect(await run(script)).toMatchObject({
    status: 'incomplete',
    reason: { code },
    output: { text: 'Half.' },
    usage: { costUsd: 0.25 },
  })
})

test('limits of steps and of cost are passed on', async () => {
  const options = { maxSteps: 7, budgetUsd: 0.5 }
  expect(await optionsFor({ options })).toMatchObject({ maxTurns: 7, maxBudgetUsd: 0.5 })
  expect((await optionsFor({})).maxBudgetUsd).toBeUndefined()
})

test("an agent keeps to what the plan's budget leaves, less the most that its last call can cost", async () => {
  const model = 'anthropic:claude-sonnet-4-5'
  const limitsWith = async (leftUsd: number, options: Record<string, unknown> = {}) => {
    const { executor, asked } = anAgent()
    const context = { ...aContext(), allowance: soleAllowance(leftUsd, () => 0) }
    await executor.execute(aRequest({ model, options }), context)
    return asked[0]?.options
  }
  const limits = await limitsWith(1)
  expect(limits?.env).toMatchObject({ CLAUDE_CODE_MAX_OUTPUT_TOKENS: '8000' })
  // 30,000 tokens to the cache, 150,000 from it and 8,000 of output come to 28 cents.
  expect(limits?.maxBudgetUsd).toBeCloseTo(0.72, 2)
  expect((await limitsWith(100))?.maxBudgetUsd).toBeCloseTo(5, 6)
  expect((await limitsWith(100, { budgetUsd: 0.2 }))?.maxBudgetUsd).toBeCloseTo(0.2, 6)
  await expect(limitsWith(0.2)).rejects.toMatchObject({ code: 'budget-exhausted' })
})

test("an agent that has used what the plan's budget left ends the plan, and others do not", async () => {
  const script = [
    ...answer('Half.'),
    result({ subtype: 'error_max_budget_usd', is_error: true }),
    new Error('a limit'),
  ]
  const codeWith = async (leftUsd: number, options: Record<string, unknown> = {}) => {
    const settled: unknown[] = []
    const all = soleAllowance(leftUsd, () => 0)
    const allowance: Allowance = {
      async reserve(...call) {
        const reservation = await all.reserve(...call)
        return reservation && { ...reservation, settle: async (spent) => void settled.push(spent) }
      },
    }
    const outcome = await anAgent(script).executor.execute(aRequest({ options }), {
      ...aContext(),
      allowance,
    })
    expect(settled).toMatchObject([{ status: 'reported' }])
    return outcome.status === 'incomplete' && outcome.reason.code
  }
  expect(await codeWith(2)).toBe('budget-exhausted')
  expect(await codeWith(100)).toBe('cost-limit')
  expect(await codeWith(100, { budgetUsd: 0.5 })).toBe('cost-limit')
})

test('an answer that is empty, cut or refused is incomplete', async () => {
  const codeOf = async (script: Step[]) => {
    const outcome = await run(script)
    return outcome.status === 'incomplete' ? outcome.reason.code : outcome.status
  }
  expect(await codeOf([result({ result: '' })])).toBe('empty-output')
  expect(await codeOf([...answer('x'), ...failedCall(null, 'max_output_tokens')])).toBe(
    'token-limit',
  )
  expect(await codeOf([result({ result: 'No.', stop_reason: 'refusal' })])).toBe('content-filter')
})
