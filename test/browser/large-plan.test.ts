import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Browser, launchBrowser } from './support/browser.ts'
import { openSite, type Site } from './support/site.ts'
import { stagedPlan } from './support/sketch.ts'

const TASKS = 10_000

let browser: Browser
let site: Site
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())
beforeEach(async () => {
  site = await openSite()
  const tasks = Array.from({ length: TASKS }, (_, index) => ({
    id: `record-${index + 1}`,
    ...(index < 6_000 ? { from: index / 200, to: index / 200 + 1 + (index % 7) / 5 } : {}),
  }))
  const plan = stagedPlan({
    id: 'big',
    title: 'Ten thousand',
    status: 'running',
    tasks,
    submitted: 40,
  })
  site.stage.plans.set('big', plan)
})
afterEach(() => site.close())

test('only the rows in sight are in the page, from the first to the last task', async () => {
  const page = await browser.open(`${site.url}/dashboard/plans/big`)
  const rows = page.locator('[data-task]')
  await rows.first().waitFor()
  expect(await rows.count()).toBeLessThan(60)
  await page.getByText('6,000').first().waitFor()
  await page
    .getByRole('list', { name: 'Tasks over time' })
    .evaluate((list) => list.parentElement?.scrollTo(0, 1e9))
  await page.locator('[data-task="record-10000"]').waitFor()
  expect(await rows.count()).toBeLessThan(60)
})

test('the page draws thousands of events and still responds to a key immediately', async () => {
  const page = await browser.open(`${site.url}/dashboard/plans/big`)
  await page.locator('[data-task]').first().waitFor()
  const at = new Date().toISOString()
  for (let index = 6_001; index <= 9_000; index += 1) {
    const taskId = `record-${index}`
    site.stage.emit('big', 'task.started', { taskId, attempt: 1, at })
    site.stage.emit('big', 'task.finished', { taskId, attempt: 1, at, status: 'succeeded' })
  }
  await page.keyboard.press('j')
  // Whichever task it is: those that run come first.
  await expect.poll(() => page.locator(':focus').getAttribute('data-row')).toBe('0')
  await expect
    .poll(() => page.getByRole('img', { name: /tasks ended/ }).getAttribute('aria-label'))
    .toMatch(/^9,000 of 10,000/)
})

test('scrolling through it never draws more than what is in sight, and never nothing', async () => {
  const page = await browser.open(`${site.url}/dashboard/plans/big`)
  await page.locator('[data-task]').first().waitFor()
  // How many rows are in the page, in each of sixty frames that scroll by 900 pixels.
  const rows = (await page.evaluate(`new Promise((resolve) => {
    const list = document.querySelector('[aria-label="Tasks over time"]')
    const rows = []
    const step = () => {
      rows.push(list.querySelectorAll('[data-task]').length)
      list.parentElement.scrollTop += 900
      if (rows.length < 60) requestAnimationFrame(step)
      else resolve(rows)
    }
    requestAnimationFrame(step)
  })`)) as number[]
  expect(Math.max(...rows)).toBeLessThan(60)
  expect(Math.min(...rows)).toBeGreaterThan(0)
})

test('a search narrows it down, and a filter as well', async () => {
  const page = await browser.open(`${site.url}/dashboard/plans/big`)
  await page.locator('[data-task]').first().waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('record-9999')
  await expect.poll(() => page.locator('[data-task]').count()).toBe(1)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /^Queued/ }).click()
  await page.locator('[data-task="record-6001"]').waitFor()
  await expect.poll(() => page.locator('[data-task="record-1"]').count()).toBe(0)
})
