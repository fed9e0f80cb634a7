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
  'add-tasks',
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
  'post-message',
  'provider-batches',
  'keep-reusable',
  'forget-reusable',
] as const
type ScriptName = (typeof NAMES)[number]

/** Code that the scripts share, in order of dependency. */
const SHARED = [
  'plan',
  'pages',
  'events',
  'tasks',
  'outcome',
  'usage',
  'money',
  'steps',
  'slices',
  'release',
  'bundles',
  'requeue',
  'end',
  'batches',
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

/**
 * A script preceded by the shared parts that it uses, directly or indirectly. Redis would take longer to
 * set up all of them than most scripts run.
 */
export function withShared(shared: readonly string[], script: string): string {
  return shared.reduceRight((text, part) => (uses(text, part) ? `${part}\n${text}` : text), script)
}

/** Whether a text names something that the part defines. */
function uses(text: string, part: string): boolean {
  const defined = [...part.matchAll(/^local (?:function )?(.+?)(?:\(| =|$)/gm)]
  const names = defined.flatMap(([, list = '']) => list.split(', '))
  return new RegExp(`\\b(?:${names.join('|')})\\b`).test(text.replaceAll(/--.*/g, ''))
}

let texts: [ScriptName, string][] | undefined

/** The texts of all scripts, put together once for all connections of the process. */
function scriptTexts(): [ScriptName, string][] {
  if (texts === undefined) {
    const shared = SHARED.map((name) => readScript(`shared/${name}`))
    texts = NAMES.map((name) => [name, withShared(shared, readScript(name))])
  }
  return texts
}

/** Registers the scripts with a connection, which sends each text once and then only its hash. */
export function loadScripts(redis: RedisClient): RunScript {
  for (const [name, lua] of scriptTexts()) {
    redis.defineCommand(`tutti:${name}`, { numberOfKeys: 1, lua })
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
