import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { call, echoTask, type Service, startService } from '../support/service.ts'
import { type Browser, launchBrowser } from './support/browser.ts'

let browser: Browser
let service: Service
beforeAll(async () => {
  browser = await launchBrowser()
  service = await startService({ redisUrl: inject('redisUrl'), prefix: 'browser', workers: 1 })
})
afterAll(async () => {
  await service.stop()
  await browser.close()
})

async function submit(plan: unknown): Promise<string> {
  const { status, body } = await call<{ id: string }>(`${service.url}/v1/plans`, 'POST', plan)
  expect(status).toBe(202)
  return body.id
}

test('a plan is written, checked, launched and watched to its synthesis', async () => {
  const page = await browser.open(`${service.url}/dashboard/new`)
  await page.getByLabel('Title').fill('Three voices')
  await page.getByRole('radio', { name: 'Perspectives' }).click()
  await page.getByLabel('Perspectives').last().fill('soprano\nalto\n\nbass\n')
  await page.getByLabel('Task', { exact: true }).fill('Sing the part of the {{perspective}}.')
  await page.getByText('More: context, format').click()
  await page.getByLabel('Executor').selectOption('echo')
  await page.getByLabel('delayMs').fill('1500')

  const launch = page.getByRole('button', { name: 'Launch' })
  await expect.poll(() => launch.isDisabled()).toBe(true)
  await page.getByRole('button', { name: 'Check the plan' }).click()
  await page.getByRole('heading', { name: 'All at once' }).waitFor()
  await page
    .getByRole('group')
    .filter({ hasText: /soprano/i })
    .first()
    .click()
  await page.getByText('Sing the part of the soprano.').waitFor()
  await launch.click()

  await page.getByRole('heading', { level: 1, name: 'Three voices' }).waitFor()
  await page.getByText('3 at most').waitFor()
  await expect.poll(() => page.locator('.lane-attempt[data-outcome="succeeded"]').count()).toBe(3)
  await page.getByText('version 1').waitFor()
  await page.getByRole('tab', { name: 'Synthesis' }).click()
  await page.getByText('Every task contributed.').waitFor()
  await page.getByRole('tab', { name: 'Todos' }).click()
  await expect.poll(() => page.getByText('4 of 4 completed').count()).toBe(1)
  await page.getByRole('tab', { name: 'Report' }).click()
  await page.getByText('One after another', { exact: true }).waitFor()
  expect(browser.complaints).toEqual([])
})

test('shows an error of the service next to its field', async () => {
  const page = await browser.open(`${service.url}/dashboard/new`)
  await page.getByRole('button', { name: 'Blank' }).click()
  await page.getByLabel('Id', { exact: true }).fill('not a slug')
  await page.getByLabel('Task', { exact: true }).fill('Anything.')
  await page.getByRole('button', { name: 'Check the plan' }).click()
  await page.getByRole('alert').waitFor()
  const field = page.getByLabel('Id', { exact: true })
  await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true')
  const note = page.locator(`[id="${await field.getAttribute('aria-describedby')}"]`)
  await expect.poll(() => note.textContent()).toMatch(/slug/)
})

test('the JSON of a plan and its form are the same plan', async () => {
  const page = await browser.open(`${service.url}/dashboard/new`)
  await page.getByRole('button', { name: 'Rehearsal' }).click()
  await page.getByRole('radio', { name: 'JSON' }).click()
  const editor = page.getByLabel('The body of POST /v1/plans')
  const plan = JSON.parse(await editor.inputValue())
  expect(plan.tasks).toHaveLength(12)
  await editor.fill('{ "tasks": [')
  const check = page.getByRole('button', { name: 'Check the plan' })
  await expect.poll(() => check.isDisabled()).toBe(true)
  await editor.fill(JSON.stringify({ ...plan, title: 'Edited', metadata: { team: 'choir' } }))
  await page.getByRole('radio', { name: 'Form' }).click()
  await expect.poll(() => page.getByLabel('Title').inputValue()).toBe('Edited')
  await page.getByLabel('Title').fill('Edited twice')
  await page.getByRole('radio', { name: 'JSON' }).click()
  await expect
    .poll(async () => JSON.parse(await editor.inputValue()))
    .toMatchObject({ title: 'Edited twice', metadata: { team: 'choir' } })
})

test('a plan is cancelled from the page, and keeps what has finished', async () => {
  const planId = await submit({
    title: 'Never ends by itself',
    tasks: [echoTask('quick'), echoTask('hangs', { hang: true })],
  })
  const page = await browser.open(`${service.url}/dashboard/plans/${planId}`)
  await page.locator('[data-task="quick"] [data-outcome="succeeded"]').waitFor()
  await page.getByRole('button', { name: 'Cancel plan' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel plan' }).click()
  await page.locator('[data-task="hangs"] [data-outcome="cancelled"]').waitFor()
  await page.locator('[data-task="quick"]').click()
  await page.getByText('Say quick.').first().waitFor()
})

test('a failed task is retried from its panel, and a new version of the synthesis follows', async () => {
  const planId = await submit({
    title: 'Fails at first',
    tasks: [echoTask('fine'), echoTask('flaky', { failAttempts: 1 }, { attempts: 1 })],
  })
  const page = await browser.open(`${service.url}/dashboard/plans/${planId}?task=flaky`)
  await page.getByText('echo-failed').first().waitFor()
  await page.getByText('version 1').waitFor()
  await page.getByRole('button', { name: 'Retry task' }).click()
  await page.locator('[data-task="flaky"] [data-outcome="succeeded"]').waitFor()
  await page.getByText('version 2').waitFor()
})

test('tasks that write the same file are shown in waves, with the files they share', async () => {
  const writes = (id: string, ...write: string[]) => echoTask(id, {}, { files: { write } })
  const planId = await submit({
    title: 'One file, two writers',
    workspace: { files: { 'src/a.ts': '', 'src/b.ts': '' } },
    policy: { onOverlap: 'serialize' },
    tasks: [writes('first', 'src/*.ts'), writes('second', 'src/a.ts'), writes('third', 'c.ts')],
  })
  const page = await browser.open(`${service.url}/dashboard/plans/${planId}`)
  await page.getByText('Wave 2').waitFor()
  await page.keyboard.press('3')
  const matrix = page.getByRole('region', { name: 'Overlap matrix' })
  await expect.poll(() => matrix.getByRole('cell', { name: 'WW' }).count()).toBe(2)
  await page.getByText('both write 1 file').waitFor()
})

test('says which worker is alive and what it runs', async () => {
  await submit({ title: 'Keeps busy', tasks: [echoTask('a', { hang: true })] })
  const page = await browser.open(`${service.url}/dashboard/workers`)
  await page.getByText(/1 alive, [1-9]\d* of \d+ slots busy/).waitFor()
  await page.getByRole('rowheader', { name: 'tasks' }).first().waitFor()
  const inspect = page.getByRole('link', { name: 'Inspect the queues' })
  await expect.poll(() => inspect.getAttribute('href')).toBe('/queues')
})

test('an open page reports that the API was killed, and later continues where it was', async () => {
  const planId = await submit({
    title: 'Outlives the API',
    tasks: [echoTask('long', { hang: true })],
  })
  const page = await browser.open(`${service.url}/dashboard/plans/${planId}`)
  await page.locator('[data-task="long"] [data-outcome="running"]').waitFor()
  await service.api.end('SIGKILL')
  await page.getByText('The service is not responding.').waitFor()
  await service.restartApi()
  await page.getByText('The service is not responding.').waitFor({ state: 'detached' })
  await call(`${service.url}/v1/plans/${planId}/tasks/long/cancel`, 'POST')
  await page.locator('[data-task="long"] [data-outcome="cancelled"]').waitFor()
})
