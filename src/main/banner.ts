import { homedir } from 'node:os'
import { relative } from 'node:path'
import { VERSION } from '../version.ts'
import type { Config } from './config.ts'

/**
 * What you want to know first after starting the service on a terminal: its address, what runs
 * tasks, which files plans may read, and what is not configured.
 *
 * @param address of the API, without a trailing slash
 */
export function bannerOf(
  address: string,
  config: Pick<
    Config,
    'TUTTI_MODEL' | 'TUTTI_EXECUTOR' | 'TUTTI_WORKSPACE_ROOTS' | 'TUTTI_DATA_DIR'
  >,
): string {
  const rows = [
    ['Dashboard', `${address}/dashboard`],
    ['API', `${address}/v1/plans, described at ${address}/docs`],
    ['Tasks', executorLine(config)],
    ['Files', filesLine(config.TUTTI_WORKSPACE_ROOTS)],
    ['Data', shortPath(config.TUTTI_DATA_DIR)],
  ]
  return [
    '',
    `  Tutti ${VERSION} is up. Press Ctrl-C to stop it.`,
    '',
    ...rows.map(([name = '', text]) => `  ${name.padEnd(10)} ${text}`),
    '',
    '  A first plan: `npx tutti init` writes one, `npx tutti run plan.yaml` runs it.',
    '',
    '',
  ].join('\n')
}

function executorLine({ TUTTI_EXECUTOR: name, TUTTI_MODEL: model }: Partial<Config>): string {
  if (name !== undefined && name !== 'model') return `run by \`${name}\` unless they name another.`
  return model === undefined
    ? 'run by static analysis. For agents, set TUTTI_MODEL and the key of its provider.'
    : `run by agents on ${model}.`
}

function filesLine(roots: readonly string[]): string {
  return roots.length === 0
    ? 'only those that a plan contains. For folders on this machine, set TUTTI_WORKSPACE_ROOTS.'
    : `plans may read ${roots.map(shortPath).join(', ')}.`
}

/** A short form of the path: relative if it is below this folder, otherwise with `~`. */
function shortPath(path: string): string {
  const fromHere = relative('.', path)
  if (fromHere === '') return '.'
  if (!fromHere.startsWith('..')) return `./${fromHere}`
  const home = homedir()
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path
}
