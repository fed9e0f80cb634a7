import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { Queue } from 'bullmq'
import { expect, inject, onTestFinished, test } from 'vitest'
import { anApp } from '../harness.ts'

async function aDashboard(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-dashboard-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  await mkdir(join(directory, 'assets'))
  await writeFile(join(directory, 'index.html'), '<!doctype html><title>Tutti</title>')
  await writeFile(join(directory, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  await writeFile(join(directory, 'assets', 'index-3f2a.js'), 'export {}')
  return directory
}

test('serves the dashboard under every path inside it', async () => {
  const { app } = await anApp({ dashboardDir: await aDashboard() })
  for (const url of ['/dashboard', '/dashboard/', '/dashboard/plans/p1x', '/dashboard/new?a=b']) {
    const response = await app.inject(url)
    expect(response.statusCode).toBe(200)
    expect(response.headers['content-type']).toContain('text/html')
    expect(response.headers['cache-control']).toBe('no-cache')
    const policy = response.headers['content-security-policy']
    expect(policy).toContain("script-src 'self';")
    expect(policy).not.toContain('unsafe')
  }
})

test('lets browsers keep the hashed files of the dashboard, and no others', async () => {
  const { app } = await anApp({ dashboardDir: await aDashboard() })
  const script = await app.inject('/dashboard/assets/index-3f2a.js')
  expect(script.headers['content-type']).toContain('javascript')
  expect(script.headers['cache-control']).toBe('public, max-age=31536000, immutable')
  const icon = await app.inject('/dashboard/favicon.svg')
  expect(icon.headers['content-type']).toContain('image/svg+xml')
  expect(icon.headers['cache-control']).toBe('no-cache')
  const gone = await app.inject('/dashboard/assets/index-old.js')
  expect(gone.statusCode).toBe(404)
  expect(gone.headers['cache-control']).toBe('no-store')
})

test('sends scripts as small as the browser takes them', async () => {
  const directory = await aDashboard()
  await writeFile(join(directory, 'assets', 'index-3f2a.js.br'), 'small')
  const { app } = await anApp({ dashboardDir: directory })
  const url = '/dashboard/assets/index-3f2a.js'
  const small = await app.inject({ url, headers: { 'accept-encoding': 'gzip, br' } })
  expect(small.headers).toMatchObject({
    'content-encoding': 'br',
    vary: expect.stringMatching(/accept-encoding/i),
    'content-type': expect.stringContaining('javascript'),
    'cache-control': 'public, max-age=31536000, immutable',
  })
  expect(small.payload).toBe('small')
  const whole = await app.inject({ url, headers: { 'accept-encoding': 'identity' } })
  expect(whole.headers['content-encoding']).toBeUndefined()
  expect(whole.payload).toBe('export {}')
})

test.each([
  '/dashboard/../package.json',
  '/dashboard/..%2f..%2fpackage.json',
  '/dashboard/assets/..%2f..%2f..%2fpackage.json',
  '/dashboard/%2e%2e/%2e%2e/package.json',
  '/dashboard/assets/%00',
  '/dashboard//etc/passwd',
])('serves nothing outside of the dashboard at %s', async (url) => {
  const { app } = await anApp({ dashboardDir: await aDashboard() })
  const response = await app.inject(url)
  expect(response.statusCode).toBeLessThan(500)
  expect(response.payload).not.toContain('dependencies')
  expect(response.payload).not.toContain('root:')
})

test('says how to build the dashboard if it is not built', async () => {
  const { app } = await anApp({ dashboardDir: '/nowhere' })
  for (const url of ['/dashboard', '/dashboard/plans/p1x']) {
    const response = await app.inject(url)
    expect(response.statusCode).toBe(404)
    expect(response.payload).toContain('npm run')
  }
})

test('sends whoever opens the service to the dashboard', async () => {
  const { app } = await anApp()
  const response = await app.inject('/')
  expect(response.statusCode).toBe(302)
  expect(response.headers.location).toBe('/dashboard')
})

test('serves its own documentation, with a policy under which it works', async () => {
  const { app } = await anApp()
  const page = await app.inject('/docs')
  expect(page.statusCode).toBe(200)
  expect(page.headers['content-security-policy']).toContain("script-src 'self'")
  for (const [, path] of page.payload.matchAll(/(?:src|href)="([^"]+)"/g)) {
    const url = new URL(path ?? '', 'http://a/docs').pathname
    expect([url, (await app.inject(url)).statusCode]).toEqual([url, 200])
  }
  const start = await app.inject('/docs/static/swagger-initializer.js')
  expect(start.payload).toContain('/dashboard/')
  expect((await app.inject('/docs/json')).json()).toEqual(
    (await app.inject('/openapi.json')).json(),
  )
})

test('shows the queues as they are in Redis', async () => {
  const url = new URL(inject('redisUrl'))
  const connection = { host: url.hostname, port: Number(url.port) }
  const queue = new Queue('tasks', { connection, prefix: `test-${randomUUID()}` })
  onTestFinished(async () => {
    await queue.obliterate({ force: true })
    await queue.close()
  })
  await queue.add('task', { planId: 'p1x' })
  const { app } = await anApp({ queues: [new BullMQAdapter(queue)] })
  const page = await app.inject('/queues')
  expect(page.headers['content-type']).toContain('text/html')
  // Nothing is loaded from other hosts.
  expect(page.payload).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
  const [, script] = /src="(static\/js\/main[^"]+)"/.exec(page.payload) ?? []
  expect((await app.inject(`/queues/${script}`)).statusCode).toBe(200)
  const { queues } = (await app.inject('/queues/api/queues')).json()
  expect(queues).toMatchObject([{ name: 'tasks', counts: { waiting: 1 } }])
})

test('has no page of queues if there are none', async () => {
  const { app } = await anApp()
  expect((await app.inject('/queues')).statusCode).toBe(404)
})
