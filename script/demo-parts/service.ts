/** Tutti as run by `npm start`, with its own files, which are removed at the end. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface DemoService {
  url: string
  /** Resolves once it has ended, for whatever reason. */
  ended: Promise<void>
  /** Stops it and removes its files. */
  stop(): Promise<void>
}

const START = [join(import.meta.dirname, '../../bin/tutti.js'), 'start']
const LINES_KEPT = 15
/** Longer than the service allows itself for closing. */
const STOP_MS = 45_000

/** Set for the reader's own service; here they would lead to another Redis or lock us out. */
const NOT_PASSED_ON = ['REDIS_URL', 'HOST', 'TUTTI_API_KEYS', 'TUTTI_PREFIX', 'TUTTI_SHARDS']

/**
 * @param port 0 for any free one.
 * @param command What Node runs: a file and its arguments.
 * @throws {Error} with the last lines of its log, if it does not start.
 */
export async function startDemoService(
  folder: string,
  port: number,
  command: readonly string[] = START,
): Promise<DemoService> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tutti-demo-'))
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !NOT_PASSED_ON.includes(name)),
  )
  const child = spawn(process.execPath, command, {
    env: {
      ...env,
      PORT: `${port}`,
      TUTTI_DATA_DIR: dataDir,
      TUTTI_WORKSPACE_ROOTS: folder,
      LOG_LEVEL: 'info',
      LOG_FORMAT: 'json',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C is for the demo, which then stops the service cleanly.
    detached: true,
  })
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
    child.once('error', () => resolve())
  })
  const stop = async () => {
    const killing = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    child.kill('SIGTERM')
    await ended
    clearTimeout(killing)
    await rm(dataDir, { recursive: true, force: true, maxRetries: 3 })
  }

  const lastLines: string[] = []
  const up = new Promise<string>((resolve) => {
    const read = (line: string) => {
      lastLines.push(line)
      if (lastLines.length > LINES_KEPT) lastLines.shift()
      const address = addressIn(line)
      if (address !== undefined) resolve(address)
    }
    createInterface({ input: child.stdout }).on('line', read)
    createInterface({ input: child.stderr }).on('line', read)
  })
  const url = await Promise.race([up, ended])
  if (url === undefined) {
    await stop()
    throw new Error(`Tutti did not come up:\n${lastLines.join('\n')}`)
  }
  return { url, ended, stop }
}

/** From the log line in which the service reports that it is up. */
function addressIn(line: string): string | undefined {
  if (!line.includes('"tutti is up"')) return undefined
  const { api } = JSON.parse(line) as { api: string }
  return new URL(api).origin
}
