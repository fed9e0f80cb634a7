import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Browser, launchBrowser } from './support/browser.ts'
import { reviewPlan } from './support/review-plan.ts'
import { openSite, type Site } from './support/site.ts'
import { stagedPlan } from './support/sketch.ts'

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

test('a plan with edits in conflict says so, and what it was submitted with can be edited', async () => {
  const tasks = [
    { id: 'one', description: 'Writes one', from: 0, to: 2, status: 'succeeded' as const },
    { id: 'two', description: 'Writes two', from: 0, to: 2, status: 'succeeded' as const },
  ]
  const staged = stagedPlan({
    id: 'p1',
    title: 'Two writers',
    status: 'partial',
    tasks,
    submitted: 5,
  })
  const message = 'The edits of two are not in the patch: they conflict with those of one in a.txt.'
  staged.plan.reason = { code: 'merge-conflict', message }
  site.stage.plans.set('p1', staged)

  const page = await browser.open(`${site.url}/dashboard/plans/p1`)
  await page.getByText(message).waitFor({ timeout: 10_000 })
  await page.getByRole('button', { name: 'Run again' }).waitFor()

  await page.getByRole('button', { name: 'More actions' }).click()
  await page.getByRole('menuitem', { name: 'Edit and run' }).click()
  await page.getByRole('heading', { name: 'New plan' }).waitFor()
  await expect.poll(() => page.getByLabel('Title').first().inputValue()).toBe('Two writers')
})

test('a run is compared with the one before: what is new, still there and gone', async () => {
  const earlier = reviewPlan('p-earlier')
  const [known] = earlier.syntheses
  if (known === undefined) throw new Error('no synthesis')
  earlier.syntheses = [
    {
      ...known,
      findings: [
        ...known.findings.slice(0, 2),
        { ...known.findings[0], id: 'f-9', title: 'Passwords are in the log', file: 'src/log.ts' },
      ] as typeof known.findings,
    },
  ]
  earlier.plan.createdAt = new Date(Date.parse(earlier.plan.createdAt) - 3_600_000).toISOString()
  site.stage.plans.set('p-review', reviewPlan())
  site.stage.plans.set('p-earlier', earlier)
  const page = await browser.open(`${site.url}/dashboard/plans/p-review`)
  await page.getByRole('tab', { name: 'Compare' }).click()
  const part = (name: string) =>
    page.locator('section').filter({ has: page.getByRole('heading', { name, exact: true }) })
  await part('Gone').getByText('Passwords are in the log').waitFor()
  await part('Still there').getByText('Session ids are logged in full').waitFor()
  await part('New').getByText('Every request loads all roles of the tenant').waitFor()
  await page.getByRole('row', { name: 'Findings 3 4' }).waitFor()
  await page.getByLabel('Compare this run with').selectOption('p-earlier')
  await expect.poll(() => page.url()).toContain('with=p-earlier')
  expect(browser.complaints).toEqual([])
})
