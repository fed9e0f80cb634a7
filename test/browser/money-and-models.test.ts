import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { STEP } from '../../src/http/openapi/example-steps.ts'
import { type Browser, launchBrowser } from './support/browser.ts'
import { reviewPlan } from './support/review-plan.ts'
import { openSite, type Site } from './support/site.ts'
import { stagedPlan } from './support/sketch.ts'

const MODEL = 'anthropic:claude-sonnet-4-5'
const FALLBACK = 'openai:gpt-5'

let browser: Browser
let site: Site
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())
beforeEach(async () => {
  site = await openSite()
})
afterEach(() => site.close())

const usage = {
  inputTokens: 24_000,
  outputTokens: 1_600,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  steps: 2,
  costUsd: 0.056,
}

test('a plan that its budget stopped shows its cost, and continues with a larger budget', async () => {
  const tasks = [
    { id: 'a', from: 0, to: 2 },
    { id: 'b', status: 'skipped' as const },
  ]
  const staged = stagedPlan({ id: 'p1', title: 'Too dear', status: 'partial', tasks, usage })
  site.stage.plans.set('p1', staged)
  staged.plan.policy.budgetUsd = 0.09
  staged.plan.budget = { limitUsd: 0.09, reservedUsd: 0, unknownUsd: 0.01, leftUsd: 0.024 }
  staged.plan.stopped = {
    code: 'budget-exhausted',
    message: 'What is left of the budget of the plan does not pay for more.',
  }

  const page = await browser.open(`${site.url}/dashboard`)
  const row = page.getByRole('listitem').filter({ hasText: 'Too dear' })
  await row.getByText('of $0.090').waitFor()
  await row.getByRole('link').click()
  await page
    .getByText('Spent: $0.056 of $0.090; up to $0.010 more by calls that were cut off')
    .waitFor()
  await page.getByRole('button', { name: 'Raise the budget' }).click()
  const amount = page.getByLabel('New budget in US dollars')
  await expect.poll(() => amount.inputValue()).toBe('0.18')
  const resume = page.getByRole('button', { name: 'Raise and resume' })
  await amount.fill('0.05')
  await expect.poll(() => resume.isDisabled()).toBe(true)
  await amount.fill('0.5')
  await resume.click()
  await expect.poll(() => site.stage.calls).toEqual(['resume p1 0.5'])
})

test('names the model that answered in place of the wanted one, for the task and each attempt', async () => {
  const staged = reviewPlan()
  site.stage.plans.set('p-review', staged)
  const task = staged.tasks.find(({ id }) => id === 'security')
  if (task === undefined) throw new Error('no such task')
  task.answeredBy = FALLBACK
  for (const attempt of task.attempts) attempt.answeredBy = FALLBACK
  const page = await browser.open(`${site.url}/dashboard/plans/p-review?task=security`)
  const panel = page.getByRole('complementary', { name: 'Task' })
  await panel.getByText(`${FALLBACK} answered, because ${MODEL} could not be had.`).waitFor()
  await panel.getByRole('tab', { name: /Attempts/ }).click()
  await panel.getByText(`answered by ${FALLBACK}`).waitFor()
})

test('says why a running task waits while calls to its provider are paused', async () => {
  const tasks = [{ id: 'a', from: 0 }]
  site.stage.plans.set('p1', stagedPlan({ id: 'p1', title: 'Held', status: 'running', tasks }))
  const heldUntil = new Date(Date.now() + 600_000).toISOString()
  site.stage.workers.providers = [{ key: MODEL, heldUntil, concurrency: 4 }]
  const page = await browser.open(`${site.url}/dashboard/plans/p1?task=a`)
  await page.getByText(`The provider of ${MODEL} limits its rate.`).waitFor()
})

test('a preliminary version says so, and a merge in place of a model says why', async () => {
  const staged = reviewPlan()
  site.stage.plans.set('p-review', staged)
  const [first, second] = staged.syntheses
  if (first === undefined || second === undefined) throw new Error('no versions')
  first.preliminary = true
  second.executor = 'merge'
  second.notes = ['The model failed, so this is the deterministic merge.', 'Written in 3 parts.']
  const page = await browser.open(`${site.url}/dashboard/plans/p-review?tab=synthesis`)
  await page.getByText('merged by rule, without a model').waitFor()
  await page.getByRole('listitem').filter({ hasText: 'the deterministic merge' }).waitFor()
  await page.getByText('Written in 3 parts.').waitFor()
  await page
    .getByLabel('Version of the synthesis')
    .selectOption({ label: 'Version 1 (preliminary)' })
  await page.getByText('A later version covers more.').waitFor()
})

test('every option of an executor has a field, and unavailable ones say why', async () => {
  const page = await browser.open(`${site.url}/dashboard/new`)
  await page.getByRole('button', { name: 'Blank' }).click()
  await page.getByText('More: context, format').click()
  await page.getByText('claude-agent is not available here: It is not installed.').waitFor()
  await page.getByLabel('Executor').selectOption('command')
  await page.getByText('Counts lines').waitFor()
  await expect.poll(() => page.getByLabel('Model').count()).toBe(1)
  await page.getByLabel('command', { exact: true }).selectOption('count')
  await page.getByLabel('arguments').fill('a b')
  await page.getByRole('radio', { name: 'JSON' }).click()
  const editor = page.getByLabel('The body of POST /v1/plans')
  await expect
    .poll(async () => JSON.parse(await editor.inputValue()))
    .toMatchObject({ tasks: [{ options: { command: 'count', arguments: ['a', 'b'] } }] })
})

test("shows the steps of a task's agent, and on request only the failed ones", async () => {
  const staged = reviewPlan()
  const failed = { ...STEP, number: 2, text: 'Another file.' }
  const [call] = STEP.toolCalls
  if (call === undefined) throw new Error('no call')
  failed.toolCalls = [{ ...call, id: 'c2', result: 'Error: There is no gone.ts.', isError: true }]
  const cut = {
    ...STEP,
    toolCalls: [{ ...call, result: 'The beginning', resultCharacters: 5_000 }],
  }
  const steps = [cut, failed]
  staged.steps = new Map([['security', steps]])
  site.stage.plans.set('p-review', staged)
  const page = await browser.open(`${site.url}/dashboard/plans/p-review?task=security`)
  const panel = page.getByRole('complementary', { name: 'Task' })
  await panel.getByRole('tab', { name: /Steps/ }).click()
  await panel.getByText('I look at how sessions are verified.').waitFor()
  await panel.getByText('There is no gone.ts.').waitFor()
  steps[0] = { ...cut, toolCalls: [{ ...call, result: 'The beginning and all the rest' }] }
  await panel.getByRole('button', { name: 'Show in full' }).click()
  await panel.getByText('src/auth/session.ts').first().click()
  await panel.getByText('and all the rest').waitFor()
  await panel.getByRole('button', { name: /Errors/ }).click()
  await expect.poll(() => panel.getByRole('heading', { name: /^Step/ }).count()).toBe(1)
  await panel.getByText('Another file.').waitFor()
})

test('takes a word to the agent of a running task', async () => {
  const tasks = [{ id: 'a', from: 0 }]
  const staged = stagedPlan({ id: 'p1', title: 'Steered', status: 'running', tasks })
  for (const task of staged.tasks) task.executor = 'model'
  staged.steps = new Map([['a', [STEP]]])
  site.stage.plans.set('p1', staged)
  const page = await browser.open(`${site.url}/dashboard/plans/p1?task=a`)
  const panel = page.getByRole('complementary', { name: 'Task' })
  await panel.getByRole('tab', { name: /Steps/ }).click()
  await panel.getByLabel('Say something to the agent').fill('Leave out src/legacy.')
  await panel.getByRole('button', { name: 'Send' }).click()
  await expect.poll(() => site.stage.calls).toContain('message p1 a Leave out src/legacy.')
})
