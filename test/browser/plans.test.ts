import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Browser, launchBrowser } from './support/browser.ts'
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

function add(id: string, title: string, status: 'running' | 'succeeded' | 'failed' = 'succeeded') {
  const tasks = [
    { id: 'a', from: 0, to: 3 },
    { id: 'b', from: 0, ...(status === 'running' ? {} : { to: 4 }) },
  ]
  site.stage.plans.set(id, stagedPlan({ id, title, status, tasks }))
}

test('lists plans with their progress, duration and speedup, under a strict policy', async () => {
  add('p1', 'Review of the payment service')
  add('p2', 'Migration check', 'running')
  const page = await browser.open(`${site.url}/dashboard`)
  const rows = page.getByRole('list', { name: 'Plans' }).getByRole('listitem')
  await expect.poll(() => rows.count()).toBe(2)
  const finished = rows.filter({ hasText: 'Review of the payment service' })
  await expect.poll(() => finished.textContent()).toMatch(/2\/2.*6\.5 s.*2\.3×/s)
  await expect
    .poll(() => finished.getByRole('img').getAttribute('aria-label'))
    .toBe('2 of 2 tasks ended: 2 succeeded')
  await rows.filter({ hasText: 'Migration check' }).getByText('Running').waitFor()

  const policy = (await page.request.get(`${site.url}/dashboard`)).headers()
  expect(policy['content-security-policy']).toContain("script-src 'self'")
  expect(policy['content-security-policy']).not.toContain('unsafe')
  expect(browser.complaints).toEqual([])
})

test('shows a new plan and a change of status without a reload', async () => {
  add('p1', 'The first')
  const page = await browser.open(`${site.url}/dashboard`)
  await page.getByRole('link', { name: 'The first' }).waitFor()
  add('p2', 'The second', 'running')
  await page.getByRole('link', { name: 'The second' }).waitFor()
  const second = site.stage.plans.get('p2')
  if (second !== undefined) second.plan.status = 'failed'
  await expect
    .poll(() => page.getByRole('listitem').filter({ hasText: 'The second' }).textContent())
    .toContain('Failed')
})

test('search and filter are kept in the address, and say when nothing matches', async () => {
  add('p1', 'Payments')
  add('p2', 'Logins', 'failed')
  const page = await browser.open(`${site.url}/dashboard`)
  await page.getByRole('link', { name: 'Payments' }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('login')
  await expect.poll(() => page.getByRole('listitem').count()).toBe(1)
  await expect.poll(() => page.url()).toContain('q=login')
  await page.getByRole('button', { name: 'Succeeded' }).click()
  await page.getByRole('heading', { name: 'Nothing matches' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'Nothing matches' }).waitFor()
  await page.getByRole('link', { name: 'Show all plans' }).click()
  await expect.poll(() => page.getByRole('listitem').count()).toBe(2)
})

test('is used by keyboard alone: j and k move, Enter opens, ? explains', async () => {
  for (let index = 0; index < 80; index += 1) add(`p${index}`, `Plan number ${index}`)
  const page = await browser.open(`${site.url}/dashboard`)
  await page.getByRole('link', { name: 'Plan number 0', exact: true }).waitFor()
  for (const key of ['j', 'j', 'j', 'k']) await page.keyboard.press(key)
  await expect.poll(() => page.locator(':focus').textContent()).toBe('Plan number 1')
  for (let step = 0; step < 40; step += 1) await page.keyboard.press('j')
  await expect.poll(() => page.locator(':focus').textContent()).toBe('Plan number 41')
  // Further than the first page of the list, which loads while the focus moves on.
  const approach = async () => {
    const at = (await page.locator(':focus').textContent()) ?? ''
    const number = Number(/\d+$/.exec(at)?.[0])
    if (number !== 61) await page.keyboard.press(number < 61 ? 'j' : 'k')
    return at
  }
  await expect.poll(approach).toBe('Plan number 61')

  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'Plan number 61' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Plan number 61' }).waitFor()
})

test('says what to do if there are no plans yet', async () => {
  const page = await browser.open(`${site.url}/dashboard`)
  await page.getByRole('heading', { name: 'No plans yet' }).waitFor()
  await page.getByRole('main').getByRole('link', { name: 'New plan' }).waitFor()
})

test('says when the service is away, and comes back by itself', async () => {
  add('p1', 'Still here')
  const page = await browser.open(`${site.url}/dashboard/workers`)
  await page.route('**/v1/plans?*', (route) => route.abort())
  await page.getByRole('link', { name: 'Plans' }).click()
  await page.getByRole('heading', { name: 'The service is not responding' }).waitFor()
  await page.unroute('**/v1/plans?*')
  await page.getByRole('link', { name: 'Still here' }).waitFor()
})

test('asks for an API key on 401, keeps it for the tab, and forgets it with the tab', async () => {
  const key = 'a-key-that-nobody-guesses'
  const digest = createHash('sha256').update(key).digest('hex')
  const guarded = await openSite({ keys: `acme:${digest}` })
  guarded.stage.plans.set(
    'p1',
    stagedPlan({ id: 'p1', title: 'Kept from others', status: 'failed', tasks: [] }),
  )
  const page = await browser.open(`${guarded.url}/dashboard`)
  const prompt = page.getByRole('dialog', { name: 'API key needed' })
  await prompt.getByLabel('API key').fill('a wrong one')
  await prompt.getByRole('button', { name: 'Use this key' }).click()
  const again = page.getByRole('dialog', { name: 'Another API key' })
  await again.getByLabel('API key').fill(key)
  await again.getByRole('button', { name: 'Use this key' }).click()
  await page.getByRole('link', { name: 'Kept from others' }).click()
  // The stream of events needs the key as well, which EventSource could not have sent.
  await page.getByRole('tab', { name: 'Timeline' }).waitFor()
  await expect.poll(() => page.getByRole('alert').count()).toBe(0)
  await page.reload()
  await page.getByRole('heading', { name: 'Kept from others' }).waitFor()

  const other = await browser.context.newPage()
  await other.goto(`${guarded.url}/dashboard`)
  await other.getByRole('dialog', { name: 'API key needed' }).waitFor()
  await guarded.close()
})
