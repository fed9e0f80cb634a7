import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
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

const now = () => new Date().toISOString()
const row = (page: Page, taskId: string) => page.locator(`[data-task="${taskId}"]`)

describe('a plan that runs', () => {
  beforeEach(() => {
    const tasks = [
      { id: 'login', description: 'Login endpoint', from: 0 },
      { id: 'reset', description: 'Password reset' },
      { id: 'tests', description: 'Integration tests', wave: 2 },
    ]
    const plan = stagedPlan({ id: 'p1', title: 'Auth', status: 'running', tasks, submitted: 5 })
    site.stage.plans.set('p1', plan)
  })

  test('moves with every event, without a reload', async () => {
    const page = await browser.open(`${site.url}/dashboard/plans/p1`)
    await expect
      .poll(() => row(page, 'login').getAttribute('aria-label'))
      .toMatch(/^Login endpoint, running, /)
    await expect.poll(() => page.getByText('Wave 2').count()).toBe(1)
    expect(await row(page, 'reset').locator('.lane-attempt').count()).toBe(0)

    site.stage.emit('p1', 'task.started', { taskId: 'reset', attempt: 1, at: now() })
    await row(page, 'reset').locator('[data-outcome="running"]').waitFor()
    site.stage.emit('p1', 'task.retrying', {
      taskId: 'reset',
      attempt: 1,
      at: now(),
      retryAt: now(),
      error: { code: 'busy', message: 'The provider was busy.' },
    })
    site.stage.emit('p1', 'task.started', { taskId: 'reset', attempt: 2, at: now() })
    await row(page, 'reset').locator('[data-outcome="retrying"]').waitFor()
    site.stage.emit('p1', 'task.finished', {
      taskId: 'login',
      attempt: 1,
      at: now(),
      status: 'succeeded',
    })
    await row(page, 'login').locator('[data-outcome="succeeded"]').waitFor()
    await expect.poll(() => page.getByRole('status').first().textContent()).toMatch(/30% of 3/)

    site.stage.emit('p1', 'synthesis.started', { version: 1, at: now() })
    await page.locator('[data-outcome="synthesis"]').waitFor()
    expect(browser.complaints).toEqual([])
  })

  test('resumes after a lost connection without a gap', async () => {
    const page = await browser.open(`${site.url}/dashboard/plans/p1`)
    await row(page, 'login').locator('[data-outcome="running"]').waitFor()
    site.stage.emit('p1', 'task.started', { taskId: 'reset', attempt: 1, at: now() })
    await row(page, 'reset').locator('[data-outcome="running"]').waitFor()
    await page.context().setOffline(true)
    site.stage.dropStreams()
    await page.getByText('The service is not responding.').waitFor()
    site.stage.emit('p1', 'task.finished', {
      taskId: 'reset',
      attempt: 1,
      at: now(),
      status: 'failed',
    })
    await page.context().setOffline(false)
    await row(page, 'reset').locator('[data-outcome="failed"]').waitFor()
    await page.getByText('The service is not responding.').waitFor({ state: 'detached' })
  })

  test('shows the text of a running task as it is written', async () => {
    const page = await browser.open(`${site.url}/dashboard/plans/p1`)
    await row(page, 'login').click()
    const panel = page.getByRole('complementary', { name: 'Task' })
    await panel.getByText('Text appears here as it is written.').waitFor()
    for (const text of ['The login ', 'endpoint ', 'is done.']) {
      site.stage.emit('p1', 'task.text', { taskId: 'login', attempt: 1, text })
    }
    site.stage.emit('p1', 'task.text', { taskId: 'tests', attempt: 1, text: 'of another task' })
    site.stage.emit('p1', 'task.text', { taskId: 'login', attempt: 1, text: ' All of it.' })
    await panel.getByText('The login endpoint is done. All of it.').waitFor()
    expect(await panel.getByText('of another task').count()).toBe(0)
  })

  test('cancels a task, and the plan after a question', async () => {
    const page = await browser.open(`${site.url}/dashboard/plans/p1?task=login`)
    await page.getByRole('button', { name: 'Cancel task' }).click()
    await expect.poll(() => site.stage.calls).toEqual(['cancel p1 login'])
    await page.getByRole('button', { name: 'Cancel plan' }).click()
    const question = page.getByRole('alertdialog', { name: 'Cancel this plan?' })
    await question.getByRole('button', { name: 'Keep it' }).click()
    await question.waitFor({ state: 'detached' })
    expect(site.stage.calls).toHaveLength(1)
    await page.getByRole('button', { name: 'Cancel plan' }).click()
    await question.getByRole('button', { name: 'Cancel plan' }).click()
    await expect.poll(() => site.stage.calls).toContain('cancel p1')
  })

  test('zooms by key and by choice on the overview, and back to the whole', async () => {
    const page = await browser.open(`${site.url}/dashboard/plans/p1`)
    await row(page, 'login').waitFor()
    const fit = page.getByRole('button', { name: 'Show the whole timeline' })
    await expect.poll(() => fit.isDisabled()).toBe(true)
    await page.keyboard.press('+')
    await expect.poll(() => fit.isEnabled()).toBe(true)
    await page.keyboard.press('0')
    await expect.poll(() => fit.isDisabled()).toBe(true)
    const chart = page.getByRole('img', { name: /^Tasks running at once/ })
    const box = await chart.boundingBox()
    if (box === null) throw new Error('no chart')
    await page.mouse.move(box.x + box.width * 0.2, box.y + 10)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.5, box.y + 10, { steps: 4 })
    await page.mouse.up()
    await expect.poll(() => fit.isEnabled()).toBe(true)
  })
})

describe('a plan that has finished', () => {
  beforeEach(() => {
    site.stage.plans.set('p-review', reviewPlan())
  })
  const open = (query = '') => browser.open(`${site.url}/dashboard/plans/p-review${query}`)

  test('draws each attempt of a task, also of those before the page was opened', async () => {
    const page = await open()
    const lane = row(page, 'architecture')
    await expect.poll(() => lane.locator('.lane-attempt').count()).toBe(2)
    await expect.poll(() => lane.locator('[data-outcome="retrying"]').count()).toBe(1)
    await expect.poll(() => lane.textContent()).toContain('attempt 2')
  })

  test('renders an output as Markdown that can do no harm', async () => {
    const page = await open('?task=security')
    const panel = page.getByRole('complementary', { name: 'Task' })
    await panel.getByRole('heading', { name: 'Security review of the auth service' }).waitFor()
    await expect.poll(() => panel.getByRole('table').count()).toBe(1)
    expect(await panel.locator('script, img').count()).toBe(0)
    expect(await panel.getByText('a link').getAttribute('href')).toBeNull()
    expect(await page.evaluate('window.pwned')).toBeUndefined()
    expect(browser.complaints).toEqual([])
  })

  test('leads from a finding to what each task found, and from the ledger back', async () => {
    const page = await open('?tab=synthesis')
    await page.getByText('Reset tokens never expire').first().click()
    await page.getByRole('link', { name: 'testing/1' }).first().click()
    const panel = page.getByRole('complementary', { name: 'Task' })
    await panel
      .locator('[aria-current="true"]', { hasText: 'No test covers the reset flow' })
      .waitFor()
    const ledger = page.getByRole('table').filter({ hasText: 'names a file that does not exist' })
    await ledger.getByRole('link', { name: 'f-4' }).click()
    await page.getByText('It cannot be replaced in a test.').waitFor()
    await expect.poll(() => page.locator('details[open]#f-4').count()).toBe(1)
  })

  test('has its versions, its coverage and its patch', async () => {
    const page = await open('?tab=synthesis')
    await page.getByText('Only what blocks.').waitFor()
    await page.getByLabel('Version of the synthesis').selectOption('1')
    await page.getByText('One critical finding').waitFor()
    await page.getByText('The provider answered 529 four times.').waitFor()
    const changes = page.getByRole('region', { name: 'Changes of src/auth/reset.ts' })
    await changes.getByRole('row', { name: '47 + await tokens.remove(token)' }).waitFor()
  })

  test('names contradictions with both sides, and how they were resolved', async () => {
    const page = await open('?tab=conflicts')
    const conflict = page.getByRole('article').filter({ hasText: 'How roles are kept' })
    await conflict.getByText('Cache the roles of a tenant for a minute.').waitFor()
    await conflict.getByText('Do not cache roles per tenant; read them once per session.').waitFor()
    await conflict.getByText('Rule: what satisfies both sides comes first').waitFor()
    await page.getByText('2 pairs of tasks').waitFor()
    const matrix = page.getByRole('region', { name: 'Overlap matrix' })
    await expect.poll(() => matrix.getByRole('cell', { name: 'WW' }).count()).toBe(2)
    await expect.poll(() => matrix.getByRole('cell', { name: 'RW' }).count()).toBe(2)
  })

  test('shows edits as a diff, the prompt and the attempts in the panel of a task', async () => {
    const page = await open('?task=fix-reset')
    const panel = page.getByRole('complementary', { name: 'Task' })
    await panel.getByRole('tab', { name: /Edits/ }).click()
    await panel.getByText('test/auth/reset.test.ts').waitFor()
    await panel.getByRole('tab', { name: 'Prompt' }).click()
    await panel.getByText('Shared context of the plan.').waitFor()
    await panel.getByRole('tab', { name: /Attempts/ }).click()
    await panel.getByText('Attempt 1: succeeded').waitFor()
    await page.keyboard.press('Escape')
    await panel.waitFor({ state: 'detached' })
  })

  test('shows the report as a picture and in words', async () => {
    const page = await open('?tab=report')
    await page.getByText('One after another', { exact: true }).waitFor()
    await page.getByText('One task took half of the time of the plan.').waitFor()
  })

  test('is synthesised again with other instructions, retried, exported and deleted', async () => {
    const page = await open('?task=docs')
    await page.getByRole('button', { name: 'Retry task' }).click()
    await expect.poll(() => site.stage.calls).toContain('retry p-review docs')

    await page.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: 'Synthesize again' }).click()
    await page.getByRole('dialog').getByLabel('Instructions').fill('Only what blocks the release.')
    await page.getByRole('button', { name: 'Synthesize', exact: true }).click()
    await expect
      .poll(() => site.stage.calls)
      .toContain('synthesize p-review {"instructions":"Only what blocks the release."}')

    await page.getByRole('button', { name: 'Export' }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('menuitem', { name: /JSON/ }).click()
    expect((await download).suggestedFilename()).toBe('p-review.json')
    for (const [format, file] of [
      ['Markdown', 'p-review.md'],
      ['SARIF', 'p-review.sarif'],
      ['Patch', 'p-review.patch'],
    ] as const) {
      await page.getByRole('button', { name: 'Export' }).click()
      const next = page.waitForEvent('download')
      await page.getByRole('menuitem', { name: new RegExp(format) }).click()
      expect((await next).suggestedFilename()).toBe(file)
    }

    await page.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: 'Delete plan' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete plan' }).click()
    await page.getByRole('heading', { name: 'No plans yet' }).waitFor()
  })

  test('a plan that is gone says so', async () => {
    const page = await browser.open(`${site.url}/dashboard/plans/nothing`)
    await page.getByRole('heading', { name: 'There is no such plan' }).waitFor()
  })
})
