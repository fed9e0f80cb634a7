import { pathToFileURL } from 'node:url'
import type { FieldError } from '../../core/contract/errors.ts'
import type { WorkspaceSpec } from '../../core/contract/submission.ts'
import { allowedFolder } from '../files/allowed-path.ts'
import type { GitCredential } from '../options.ts'

export type GitSpec = Extract<WorkspaceSpec, { git: unknown }>['git']

/** A repository that a plan may use, ready to be fetched. */
export interface GitSource {
  /** As passed to git: normalized, without user or secret. */
  url: string
  /** `HEAD` if the plan names none. */
  ref: string
  protocol: string
  /** Sets the header with the credential, for this origin only. */
  config: Record<string, string>
  /** The parts of `config` that must never be shown. */
  secrets: string[]
  /** Plans only share fetched data if they have the same credential. */
  credential: string | undefined
}

export interface GitPolicy {
  roots: readonly string[]
  hosts: readonly string[]
  schemes: readonly string[]
  credentials: Readonly<Record<string, GitCredential>>
}

/**
 * Checks a plan's repository against the operator's settings.
 *
 * @returns the source, or all problems by field
 */
export async function gitSource(
  spec: GitSpec,
  policy: GitPolicy,
): Promise<{ source: GitSource } | { errors: FieldError[] }> {
  const errors: FieldError[] = []
  const refuse = (field: string, detail: string) =>
    errors.push({ pointer: `/workspace/git/${field}`, detail })

  const url = readUrl(spec.url)
  const urlError = url === undefined ? NOT_A_URL : urlRefusal(url, policy)
  if (urlError !== undefined) refuse('url', urlError)
  const address =
    url?.protocol === 'file:' && urlError === undefined
      ? await localAddress(url, policy)
      : url?.href
  if (address === undefined && url !== undefined) {
    refuse('url', 'is not a repository inside a folder that TUTTI_WORKSPACE_ROOTS names')
  }
  if (spec.ref !== undefined && !isSafeRef(spec.ref)) {
    refuse('ref', 'must be the name of a branch or tag, or a full commit id')
  }
  const credential = ownEntry(policy.credentials, spec.credential)
  if (spec.credential !== undefined && url !== undefined) {
    if (credential === undefined) refuse('credential', 'is not configured here')
    else if (!url.protocol.startsWith('http') || credential.host !== url.host) {
      refuse('credential', 'is not for this host')
    }
  }
  if (errors.length > 0 || url === undefined || address === undefined) return { errors }
  return {
    source: {
      url: address,
      ref: spec.ref ?? 'HEAD',
      protocol: url.protocol.slice(0, -1),
      credential: spec.credential,
      ...authorization(url, credential?.token),
    },
  }
}

function readUrl(text: string): URL | undefined {
  // The parser drops some of these instead of rejecting them.
  const isOdd = /[\s\p{Cc}]/u.test(text)
  return isOdd || text.startsWith('-') || !URL.canParse(text) ? undefined : new URL(text)
}

function urlRefusal(url: URL, policy: GitPolicy): string | undefined {
  const scheme = url.protocol.slice(0, -1)
  if (!KNOWN_SCHEMES.includes(scheme) || !policy.schemes.includes(scheme)) {
    const allowed = policy.schemes.filter((name) => KNOWN_SCHEMES.includes(name))
    return `must use a scheme that is allowed here: ${allowed.join(', ')}`
  }
  if (url.password !== '' || (url.username !== '' && scheme !== 'ssh')) {
    return 'must not hold a user or a password; name a configured `credential` instead'
  }
  if (url.username.startsWith('-') || url.hostname.startsWith('-')) return NOT_A_URL
  if (scheme === 'file') return url.host === '' ? undefined : NOT_A_URL
  if (policy.hosts.includes(url.host)) return undefined
  return policy.hosts.length === 0
    ? 'plans may not use repositories here; the operator can allow hosts in TUTTI_GIT_HOSTS'
    : 'is on a host that TUTTI_GIT_HOSTS does not name'
}

const KNOWN_SCHEMES = ['https', 'http', 'ssh', 'file']
const NOT_A_URL = 'must be the full URL of a repository, such as https://host/owner/name'

/** A repository on this machine is subject to the same rule as a folder. */
async function localAddress(url: URL, policy: GitPolicy): Promise<string | undefined> {
  const path = decoded(url.pathname)
  const folder = path === undefined ? undefined : await allowedFolder(policy.roots, path)
  return folder === undefined ? undefined : pathToFileURL(folder).href
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

/**
 * Stricter than git's own rule for ref names (git-check-ref-format): nothing that git reads as an
 * option, range, expression or pattern, and nothing that would write to another ref.
 */
function isSafeRef(ref: string): boolean {
  return (
    /^[\p{L}\p{N}_][\p{L}\p{N}._/+@=,#-]*$/u.test(ref) &&
    !/\.\.|\/\/|@\{|\/\.|\.lock(\/|$)|[./]$/.test(ref)
  )
}

/**
 * Basic authentication, which every git host accepts. A bare token is the password; the user name
 * is then ignored.
 */
function authorization(url: URL, token: string | undefined): Pick<GitSource, 'config' | 'secrets'> {
  if (token === undefined) return { config: {}, secrets: [] }
  const pair = token.includes(':') ? token : `x-access-token:${token}`
  const encoded = Buffer.from(pair).toString('base64')
  return {
    config: { [`http.${url.origin}/.extraHeader`]: `Authorization: Basic ${encoded}` },
    secrets: [token, pair.slice(pair.indexOf(':') + 1), encoded].filter((secret) => secret !== ''),
  }
}

function ownEntry<T>(record: Readonly<Record<string, T>>, key: string | undefined): T | undefined {
  return key !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
}
