import { readFileSync } from 'node:fs'
import type { RedisClient } from './redis/connect-redis.ts'

const NAMES = [
  'create-plan',
  'mark-enqueued',
  'settle-submission',
  'delete-plan',
  'pin-base',
  'unheld-units',
  'begin-task',
  'end-task',
  'stop-plan',
  'settle-tasks',
  'keep-delivery',
  'cancel-tasks',
  'retry-tasks',
  'begin-synthesis',
  'finish-synthesis',
  'released-units',
  'claim-synthesis',
  'request-synthesis',
  'begin-part',
  'keep-part',
  'snapshot',
  'append-text',
  'read-texts',
  'reserve-budget',
  'settle-budget',
  'count-usage',
  'keep-step',
  'resume-steps',
] as const
type ScriptName = (typeof NAMES)[number]

/** Code that the scripts share, in order of dependency. */
const SHARED = [
  'plan',
  'events',
  'tasks',
  'usage',
  'money',
  'steps',
  'slices',
  'release',
  'bundles',
  'requeue',
  'end',
  'life',
]

/**
 * Calls one of the scripts in `lua/` on a plan's keys. Pass a list that may be long as a list: as
 * separate arguments, some sixty thousand overflow the stack.
 */
export type RunScript = (
  name: ScriptName,
  planKey: string,
  ...args: (Argument | readonly Argument[])[]
) => Promise<unknown>

type Argument = string | number | Buffer

/** The text of a script in `lua/`. */
export function readScript(name: string): string {
  return readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8')
}

/** Registers the scripts with a connection, which sends each text once and then only its hash. */
export function loadScripts(redis: RedisClient): RunScript {
  const shared = SHARED.map((name) => readScript(`shared/${name}`)).join('\n')
  for (const name of NAMES) {
    redis.defineCommand(`tutti:${name}`, { numberOfKeys: 1, lua: `${shared}\n${readScript(name)}` })
  }
  const commands = redis as unknown as Record<
    string,
    (planKey: string, args: Argument[]) => Promise<unknown>
  >
  return (name, planKey, ...args) => {
    const command = commands[`tutti:${name}`]
    if (command === undefined) throw new Error(`no script ${name}`)
    return command.call(redis, planKey, args.flat())
  }
}
