import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from './redis-server.ts'

/** The real service: its processes as an operator runs them, against one Redis. */
export interface Service {
  url: string
  /** What its keys begin with. */
  prefix: string
  api: ServiceProcess
  workers: ServiceProcess[]
  /** Another API process, on its own port. */
  addApi(env?: Record<string, string>): Promise<ServiceProcess & { url: string }>
  addWorker(env?: Record<string, string>): Promise<ServiceProcess>
  /** Starts the API again, on the same port. */
  restartApi(): Promise<void>
  stop(): Promise<void>
}

export interface ServiceProcess {
  pid: number
  /** What it logged so far. */
  log(): string
  /** Sends the signal and resolves with the exit status, or the signal's name, once it has exited. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string | null>
  exited(): boolean
}

const SERVE = fileURLToPath(new URL('../../src/main/serve.ts', import.meta.url))
const WORKER = fileURLToPath(new URL('../../src/main/worker.ts', import.meta.url))
const COMPILE_CACHE = fileURLToPath(new URL('../../.tutti/compile-cache', import.meta.url))

/** A line of the log that says that a script in Redis or our own code broke, or that an answer was a 500. */
const OWN_FAULT =
  /^.*(?:ERR user_script:\d+|TypeError:|ReferenceError:|RangeError:|"msg":"request failed").*$/gm

/** The environment of a process whose clock is ahead, or behind where `ms` is negative. */
export function clockAhead(ms: number): Record<string, string> {
  const preloaded = new URL('./shifted-clock.ts', import.meta.url).href
  return { NODE_OPTIONS: `--import=${preloaded}`, CLOCK_AHEAD_MS: `${ms}` }
}

export async function startService(options: {
  redisUrl: string
  /** Keys begin with it: services of several tests share a Redis. */
  prefix: string
  workers?: number
  env?: Record<string, string>
  /** Of the API alone, beside `env`. */
  apiEnv?: Record<string, string>
}): Promise<Service> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tutti-data-'))
  const port = await freePort()
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: dataDir,
    REDIS_URL: options.redisUrl,
    TUTTI_PREFIX: options.prefix,
    TUTTI_DATA_DIR: dataDir,
    PORT: `${port}`,
    LOG_LEVEL: 'info',
    ...options.env,
  }
  const url = `http://127.0.0.1:${port}`
  const startApi = () => launch(SERVE, { ...env, ...options.apiEnv })
  const addWorker = async (extra: Record<string, string> = {}) => {
    const worker = await launch(WORKER, { ...env, ...extra })
    service.workers.push(worker)
    return worker
  }
  const otherApis: ServiceProcess[] = []
  const service: Service = {
    url,
    prefix: options.prefix,
    api: await startApi(),
    workers: [],
    addWorker,
    async addApi(extra = {}) {
      const PORT = `${await freePort()}`
      const api = await launch(SERVE, { ...env, PORT, ...extra })
      otherApis.push(api)
      return { ...api, url: `http://127.0.0.1:${PORT}` }
    },
    async restartApi() {
      service.api = await startApi()
    },
    async stop() {
      const processes = [service.api, ...otherApis, ...service.workers]
      await Promise.all(processes.map((entry) => entry.exited() || entry.end('SIGTERM')))
      await rm(dataDir, { recursive: true, force: true })
      // The service also recovers from its own faults, so a test could pass despite one.
      const faults = processes.flatMap((entry) => entry.log().match(OWN_FAULT) ?? [])
      if (faults.length > 0) throw new Error(`the service has faults:\n${faults.join('\n')}`)
    },
  }
  for (let count = 0; count < (options.workers ?? 1); count += 1) await addWorker()
  return service
}

/** Resolves once the process says that it is up; rejects with its log if it exits before. */
async function launch(file: string, env: Record<string, string>): Promise<ServiceProcess> {
  const child: ChildProcess = spawn(process.execPath, [file], {
    // Half of what a start costs is compiling; the suite starts some hundreds of processes.
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let log = ''
  const exit = new Promise<number | string | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal))
  })
  const read = (chunk: Buffer) => {
    log += chunk.toString()
  }
  child.stdout?.on('data', read)
  child.stderr?.on('data', read)
  const up = new Promise<void>((resolve) => child.once('message', () => resolve()))
  const died = exit.then((code) => {
    throw new Error(`${file} exited with ${code}\n${log}`)
  })
  await Promise.race([up, died])
  died.catch(() => undefined)
  return {
    pid: child.pid ?? 0,
    log: () => log,
    end(signal) {
      child.kill(signal)
      return exit
    },
    exited: () => child.exitCode !== null || child.signalCode !== null,
  }
}

/** Calls the service; the body is sent and read as JSON. */
export async function call<T = Record<string, unknown>>(
  url: string,
  method = 'GET',
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; body: T }> {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? undefined : JSON.parse(text)) as T,
  }
}

interface PlanView {
  id: string
  status: string
  counts: Record<string, number>
  synthesis: { version: number }
}

/** Long-polls until the plan has finished, whatever is down meanwhile. */
export async function finished(service: Service, planId: string): Promise<PlanView> {
  while (true) {
    try {
      const { body } = await call<PlanView>(`${service.url}/v1/plans/${planId}?wait=5`)
      if (['succeeded', 'partial', 'failed', 'cancelled'].includes(body.status)) return body
    } catch {
      // The API is being started again.
    }
  }
}

/** Waits until this many tasks of the plan run. */
export async function running(service: Service, planId: string, count: number): Promise<void> {
  while (true) {
    const { body } = await call<PlanView>(`${service.url}/v1/plans/${planId}`)
    if ((body.counts?.running ?? 0) >= count) return
  }
}

/** An echo task, the lightest there is. */
export function echoTask(id: string, options: Record<string, unknown> = {}, rest: object = {}) {
  return { id, prompt: `Say ${id}.`, executor: 'echo', options, ...rest }
}
