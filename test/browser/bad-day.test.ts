import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Browser, launchBrowser } from './support/browser.ts'
import { reviewPlan } from './support/review-plan.ts'
import { openSite, type Site } from './support/site.ts'
import { stagedPlan, type TaskSketch } from './support/sketch.ts'
import type { StagedPlan } from './support/staged-api.ts'

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

/** Fourteen tasks that took too long, six that a provider refused, one that runs, one that waits. */
function badDay(): StagedPlan {
  const failed = (id: string): TaskSketch => ({ id, from: 0, to: 9, status: 'failed' })
  const tasks = [
    ...Array.from({ length: 14 }, (_, index) => failed(`slow-${index}`)),
    ...Array.from({ length: 6 }, (_, index) => failed(`busy-${index}`)),
    { id: 'running', from: 0 },
    { id: 'queued' },
  ]
  const staged = stagedPlan({ id: 'p1', title: 'Bad day', status: 'running', tasks, submitted: 20 })
  for (const [index, task] of staged.tasks.entries()) {
    if (task.status !== 'failed') continue
    task.error = task.id.startsWith('slow')
      ? { code: 'timed-out', message: `${task.id} took longer than ${index + 60} s.` }
      : { code: 'rate-limited', message: `The provider answered 429, request ${index}.` }
  }
  return staged
}

test('twenty failures are grouped by their two reasons, and retried or cancelled together', async () => {
  site.stage.plans.set('p1', badDay())
  const page = await browser.open(`${site.url}/dashboard/plans/p1`)
  const failures = page.getByRole('region', { name: 'Failures by error' })
  await failures.getByText('20 tasks did not succeed, for 2 reasons').waitFor()
  await failures.getByText('14 ×').waitFor()

  await failures.getByLabel('Select 6 tasks that failed with rate-limited').check()
  await page.getByText('6 tasks selected').waitFor()
  await page.getByRole('button', { name: 'Retry 6' }).click()
  const busy = Array.from({ length: 6 }, (_, index) => `busy-${index}`)
  await expect.poll(() => site.stage.calls).toContain(`retry p1 ${JSON.stringify({ tasks: busy })}`)

  await page.getByLabel('Select all tasks that are listed').check()
  await page.getByText('22 tasks selected').waitFor()
  await page.getByRole('button', { name: 'Cancel 2' }).click()
  await expect
    .poll(() => site.stage.calls)
    .toContain(`cancel p1 ${JSON.stringify({ tasks: ['running', 'queued'] })}`)
  expect(browser.complaints).toEqual([])
})

test('filters, order and search are part of the address, so that a link shows the same', async () => {
  site.stage.plans.set('p1', badDay())
  site.stage.plans.set('p-review', reviewPlan())
  const page = await browser.open(`${site.url}/dashboard/plans/p1`)
  await page.getByRole('button', { name: /^Running/ }).click()
  await page.getByRole('button', { name: /^Queued/ }).click()
  await page.getByLabel('Order of the tasks').selectOption('duration')
  await page.getByLabel('Search tasks').fill('ue')
  await expect.poll(() => page.locator('[data-task]').count()).toBe(1)
  await page.goto(page.url())
  await expect.poll(() => page.locator('[data-task]').count()).toBe(1)
  await expect.poll(() => page.getByLabel('Order of the tasks').inputValue()).toBe('duration')

  await page.goto(`${site.url}/dashboard/plans/p-review?tab=synthesis&severity=high&fate=dropped`)
  await page.getByText('names a file that does not exist').waitFor()
  await expect.poll(() => page.getByText('Session ids are logged in full').count()).toBe(1)
  await expect.poll(() => page.getByText('Every request loads all roles').count()).toBe(0)
})

test('while the service is away every page says so once, counts nothing on, and is back by itself', async () => {
  site.stage.plans.set('p1', badDay())
  const page = await browser.open(`${site.url}/dashboard/plans/p1`)
  const banner = page.getByText('The service is not responding.')
  await page.locator('[data-task="running"]').waitFor()
  await page.context().setOffline(true)
  site.stage.dropStreams()
  await banner.waitFor()
  const lane = page.locator('[data-task="running"]')
  const stood = await lane.getAttribute('aria-label')
  await page.getByRole('button', { name: 'Try now' }).click()
  await expect.poll(() => page.getByRole('button', { name: 'Try now' }).isEnabled()).toBe(true)
  expect(await lane.getAttribute('aria-label')).toBe(stood)
  await page.getByRole('link', { name: 'Plans' }).first().click()
  await page.getByRole('heading', { level: 1, name: 'Plans' }).waitFor()
  expect(await page.getByRole('alert').count()).toBe(1)

  await page.context().setOffline(false)
  await banner.waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'Bad day' }).waitFor()
})

test('dialogs begin in their first field, and Enter confirms', async () => {
  site.stage.plans.set('p-review', reviewPlan())
  const page = await browser.open(`${site.url}/dashboard/plans/p-review`)
  await page.getByRole('button', { name: 'More actions' }).click()
  await page.getByRole('menuitem', { name: 'Synthesize again' }).click()
  const instructions = page.getByRole('dialog').getByLabel('Instructions')
  await instructions.waitFor()
  await expect.poll(() => page.locator('textarea:focus').count()).toBe(1)
  await page.keyboard.type('Only what blocks.')
  await page.keyboard.press('Control+Enter')
  await expect
    .poll(() => site.stage.calls)
    .toContain('synthesize p-review {"instructions":"Only what blocks."}')

  await page.getByRole('button', { name: 'More actions' }).click()
  await page.getByRole('menuitem', { name: 'Delete plan' }).click()
  await expect.poll(() => page.locator('button:focus').textContent()).toBe('Delete plan')
  await page.keyboard.press('Enter')
  await expect.poll(() => site.stage.calls).toContain('delete p-review')
})
