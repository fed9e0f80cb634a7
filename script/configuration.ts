/**
 * Documents the environment variables from their single definition: the table in
 * `docs/configuration.md`, and `.env.example`. A test fails when this must run again.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Environment } from '../src/main/environment.ts'

const ROOT = join(import.meta.dirname, '..')
const TABLE = join(ROOT, 'docs/configuration.md')
const EXAMPLE = join(ROOT, '.env.example')
const BEGIN = '<!-- configuration: written by script/configuration.ts -->'
const END = '<!-- /configuration -->'

export interface Variable {
  name: string
  /** As a user would write it; empty if there is none. */
  fallback: string
  description: string
}

/** Defaults that depend on the machine or on another variable. */
const IN_WORDS: Record<string, string> = {
  TUTTI_CPU_CONCURRENCY: 'cores',
  TUTTI_SHARDS: '1; 8 in a Cluster',
}

export function variables(): Variable[] {
  return Object.entries(Environment.shape).map(([name, schema]) => ({
    name,
    fallback: IN_WORDS[name] ?? written(schema.safeParse(undefined).data),
    description: schema.description ?? '',
  }))
}

function written(fallback: unknown): string {
  if (Array.isArray(fallback)) return fallback.join(',')
  // Any other default comes from parsing nothing: no credentials, no keys.
  return typeof fallback === 'string' || typeof fallback === 'number' ? `${fallback}` : ''
}

/** Inserts the table's rows between its markers. */
export function withTable(page: string): string {
  const from = page.indexOf(BEGIN)
  const to = page.indexOf(END)
  if (from === -1 || to === -1) throw new Error(`docs/configuration.md lacks ${BEGIN} or ${END}`)
  const rows = variables().map(({ name, fallback, description }) => {
    const code = fallback === '' ? '' : IN_WORDS[name] === undefined ? `\`${fallback}\`` : fallback
    return `| \`${name}\` | ${code} | ${description.replaceAll('|', '\\|')} |`
  })
  const table = ['| variable | default | meaning |', '| --- | --- | --- |', ...rows].join('\n')
  return `${page.slice(0, from)}${BEGIN}\n\n${table}\n\n${page.slice(to)}`
}

export function exampleFile(): string {
  const entries = variables().map(({ name, fallback, description }) => {
    // The variable that the compose file requires.
    const comment = name === 'TUTTI_API_KEYS' ? '' : '# '
    return `# ${description}\n${comment}${name}=${name in IN_WORDS ? '' : fallback}\n`
  })
  return `# Copied to .env, docker compose reads it; every variable is explained in docs/configuration.md.
# A key of your own, and what goes into TUTTI_API_KEYS for it:
#   key=$(openssl rand -hex 24); echo "$key"; printf 'me:%s\\n' "$(printf %s "$key" | sha256sum | cut -d' ' -f1)"

${entries.join('\n')}`
}

if (import.meta.main) {
  writeFileSync(TABLE, withTable(readFileSync(TABLE, 'utf8')))
  writeFileSync(EXAMPLE, exampleFile())
}
