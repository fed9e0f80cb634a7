import { readFileSync } from 'node:fs'
import type { RedisClient } from './redis.ts'

const NAMES = [
  'create-plan',
  'mark-enqueued',
  'begin-task',
  'end-task',
  'stop-plan',
  'cancel-task',
  'retry-tasks',
  'begin-synthesis',
  'finish-synthesis',
  'released-units',
  'request-synthesis',
  'begin-part',
  'keep-part',
  'snapshot',
  'append-text',
  'read-texts',
  'reserve-budget',
  'settle-budget',
  'count-usage',
] as const
type ScriptName = (typeof NAMES)[number]

/** Calls one of the scripts in `lua/` on a plan's keys. */
export type RunScript = (
  name: ScriptName,
  planKey: string,
  ...args: (string | number | Buffer)[]
) => Promise<unknown>

function source(name: string): string {
  return readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8')
}

/** Registers the scripts with a connection, which sends each text once and then only its hash. */
export function loadScripts(redis: RedisClient): RunScript {
  const common = source('common')
  for (const name of NAMES) {
    redis.defineCommand(`tutti:${name}`, { numberOfKeys: 1, lua: `${common}\n${source(name)}` })
  }
  const commands = redis as unknown as Record<
    string,
    (...args: (string | number | Buffer)[]) => Promise<unknown>
  >
  return (name, planKey, ...args) => {
    const command = commands[`tutti:${name}`]
    if (command === undefined) throw new Error(`no script ${name}`)
    return command.call(redis, planKey, ...args)
  }
}
