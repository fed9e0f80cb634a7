import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Browser, launchBrowser } from './support/browser.ts'
import { busyWorkers } from './support/busy-workers.ts'
import { reviewPlan } from './support/review-plan.ts'
import { openSite, type Site } from './support/site.ts'
import { stagedPlan } from './support/sketch.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const PHONE = { width: 360, height: 740 }
const DESK = { width: 1440, height: 900 }

const PAGES: [name: string, path: string, ready: string][] = [
  ['plans', '/', 'Review the auth service'],
  ['an empty result', '/?q=nothing-has-this-name', 'Nothing matches'],
  ['a timeline', '/plans/p-live', 'Login endpoint'],
  ['failures', '/plans/p-failed', '2 tasks did not succeed'],
  ['a task', '/plans/p-review?task=security', 'Security review of the auth service'],
  ['findings of a task', '/plans/p-review?task=security&finding=security/2', 'Session ids are'],
  ['edits of a task', '/plans/p-review?task=fix-reset', 'Tokens expire now'],
  ['a synthesis', '/plans/p-review?tab=synthesis&finding=f-1', 'What to do first'],
  ['conflicts', '/plans/p-review?tab=conflicts', 'How roles are kept'],
  ['todos', '/plans/p-live?tab=todos', 'Login endpoint'],
  ['a report', '/plans/p-review?tab=report', 'One after another'],
  ['a comparison', '/plans/p-review?tab=compare&with=p-failed', 'Nothing was found twice'],
  ['a new plan', '/new', 'Shared context'],
  ['workers', '/workers', 'worker-a'],
]

let browser: Browser
let site: Site
beforeAll(async () => {
  browser = await launchBrowser()
  site = await openSite()
  site.stage.workers = busyWorkers()
  const tasks = [
    { id: 'login', description: 'Login endpoint', from: 0 },
    { id: 'reset', description: 'Password reset', from: 0, to: 9, status: 'incomplete' as const },
    { id: 'tests', description: 'Integration tests', wave: 2 },
  ]
  site.stage.plans.set('p-review', reviewPlan())
  const failed = stagedPlan({
    id: 'p-failed',
    title: 'Failed',
    status: 'failed',
    tasks: ['one', 'two'].map((id) => ({ id, from: 0, to: 9, status: 'failed' as const })),
  })
  for (const task of failed.tasks) task.error = { code: 'timed-out', message: 'Took too long.' }
  site.stage.plans.set('p-failed', failed)
  site.stage.plans.set(
    'p-live',
    stagedPlan({ id: 'p-live', title: 'Live', status: 'running', tasks }),
  )
})
afterAll(async () => {
  await site.close()
  await browser.close()
})

interface Violation {
  id: string
  impact: string
  nodes: { target: string[]; failureSummary: string }[]
}

/** What is still to come may be what is wrong. */
async function loaded(page: Page): Promise<void> {
  await expect.poll(() => page.locator('.skeleton').count()).toBe(0)
}

/** WCAG 2.2 up to AA, and good practice. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']
/** Another theme changes colours and nothing else. */
const COLOURS = ['color-contrast']

async function violations(page: Page, rules = RULES): Promise<string[]> {
  await loaded(page)
  await page.evaluate(AXE)
  // Colours are measured as they end up, not half-way through a fade.
  await page.evaluate(`Promise.all(document.getAnimations()
    .filter((animation) => animation.effect.getComputedTiming().iterations !== Infinity)
    .map((animation) => animation.finished.catch(() => undefined)))`)
  const { violations } = (await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(rules)} })`,
  )) as { violations: Violation[] }
  return violations.flatMap(({ id, impact, nodes }) =>
    nodes.map((node) => `${impact} ${id}: ${node.target.join(' ')}: ${node.failureSummary}`),
  )
}

/** One page in each form: loading it again for each would take most of the time. */
const FORMS = [
  ['light', DESK, RULES],
  ['dark', DESK, COLOURS],
  ['light', PHONE, RULES],
] as const

test.each(PAGES)('axe finds nothing on %s: light, dark, on a phone', async (_name, path, ready) => {
  const page = await browser.open(`${site.url}/dashboard${path}`, DESK)
  for (const [colorScheme, size, rules] of FORMS) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize(size)
    await page.getByText(ready).first().waitFor()
    const found = async () => ({ colorScheme, size, violations: await violations(page, rules) })
    await expect.poll(found).toEqual({ colorScheme, size, violations: [] })
  }
  await expect.poll(() => page.evaluate('document.documentElement.scrollWidth')).toBe(PHONE.width)
})

test.each(PAGES)('%s fits a phone from the start', async (_name, path, ready) => {
  const page = await browser.open(`${site.url}/dashboard${path}`, PHONE)
  await page.getByText(ready).first().waitFor()
  await loaded(page)
  await expect.poll(() => page.evaluate('document.documentElement.scrollWidth')).toBe(PHONE.width)
})

test('dialogs and menus pass as well, and give the focus back', async () => {
  const page = await browser.open(`${site.url}/dashboard/plans/p-review`)
  const more = page.getByRole('button', { name: 'More actions' })
  await more.click()
  await page.getByRole('menuitem', { name: 'Synthesize again' }).waitFor()
  // A menu floats above the page, so it is in none of the page's regions.
  await expect
    .poll(async () => (await violations(page)).filter((found) => !found.includes(' region: ')))
    .toEqual([])
  await page.getByRole('menuitem', { name: 'Synthesize again' }).click()
  await page.getByRole('dialog', { name: 'Synthesize again' }).waitFor()
  await expect.poll(() => violations(page)).toEqual([])
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await expect.poll(() => page.evaluate('document.activeElement.tagName')).not.toBe('HTML')
})

test('the first Tab offers to skip to the content, and what has the focus can be seen', async () => {
  const page = await browser.open(`${site.url}/dashboard/`)
  await page.getByText('Review the auth service').waitFor()
  await page.keyboard.press('Tab')
  await expect.poll(() => page.locator(':focus').textContent()).toBe('Skip to the content')
  for (let step = 0; step < 12; step += 1) {
    await page.keyboard.press('Tab')
    const outlined = () =>
      page.evaluate(`(() => {
        const style = (pseudo) => getComputedStyle(document.activeElement, pseudo)
        return [style(), style('::after')].some((s) => s.outlineStyle !== 'none' && s.outlineWidth !== '0px')
      })()`)
    await expect.poll(outlined).toBe(true)
  }
})

test('the theme is chosen by hand too, and kept', async () => {
  const page = await browser.open(`${site.url}/dashboard/`)
  await page.emulateMedia({ colorScheme: 'light' })
  const background = () =>
    page.evaluate('getComputedStyle(document.documentElement).backgroundColor')
  const light = await background()
  await page.getByRole('button', { name: 'Theme: system. Change to light' }).click()
  await page.getByRole('button', { name: 'Theme: light. Change to dark' }).click()
  await expect.poll(background).not.toBe(light)
  await page.reload()
  await expect.poll(background).not.toBe(light)
  await page.getByRole('button', { name: 'Theme: dark. Change to system' }).click()
  await expect.poll(background).toBe(light)
})
