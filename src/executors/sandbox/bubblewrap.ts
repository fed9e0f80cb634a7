import { spawnSync } from 'node:child_process'
import { accessSync, closeSync, constants, openSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { Workspace } from '../../core/ports/executor.ts'
import type { Confinement } from './confinement.ts'

/** Where a program finds the workspace; it must not learn the real location. */
export const WORKSPACE = '/workspace'
const HOME = '/home/tutti'
/** For /tmp and the home folder, each. */
const TEMPORARY_BYTES = 1_073_741_824
/**
 * Shared memory, which browsers and databases need. Without a limit it may take half the machine's.
 */
const SHARED_MEMORY_BYTES = 268_435_456

/** Programs, libraries and what they depend on. Not all of /etc, which contains secrets. */
const SYSTEM = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib64',
  '/etc/alternatives',
  '/etc/ld.so.cache',
  '/etc/localtime',
  '/etc/timezone',
  '/etc/os-release',
  '/etc/nsswitch.conf',
  '/etc/protocols',
  '/etc/services',
  '/etc/ssl/certs',
  '/etc/ssl/openssl.cnf',
  '/etc/ca-certificates',
  '/etc/pki/tls',
]
const NETWORK = ['/etc/hosts', '/etc/resolv.conf']

/** The file descriptor on which the sandbox reports about its processes. */
export const STATUS_FD = 3

/** A file that is passed to the sandbox through a descriptor. */
interface GivenFile {
  path: string
  content: string
}

/** The sandbox's arguments, and what is written to its descriptors, starting with `STATUS_FD`. */
export interface SandboxLine {
  arguments: string[]
  given: string[]
}

/**
 * The `bwrap` command line that leaves a program nothing but the system's programs, its workspace,
 * an empty /tmp and an empty home: no process, file, other user or secret of this machine, and no
 * network unless it is allowed. For the options see bwrap(1).
 */
export function sandboxLine(
  command: readonly string[],
  { network, readable }: Pick<Confinement, 'network' | 'readable'>,
  workspace: Workspace | undefined,
  /** Files from outside, and their places inside. */
  bound: Readonly<Record<string, string>> = {},
): SandboxLine {
  const bind = (path: string) => ['--ro-bind-try', path, path]
  const isOpen = network === true
  const given = filesOf(isOpen)
  return {
    arguments: [
      '--unshare-all',
      ...(isOpen ? ['--share-net'] : []),
      // It ends with this process, and has no terminal to write to.
      '--die-with-parent',
      '--new-session',
      '--cap-drop',
      'ALL',
      ...[HOME, '/tmp'].flatMap((path) => ['--size', `${TEMPORARY_BYTES}`, '--tmpfs', path]),
      ...['--proc', '/proc', '--dev', '/dev'],
      ...['--size', `${SHARED_MEMORY_BYTES}`, '--tmpfs', '/dev/shm', '--remount-ro', '/dev'],
      ...SYSTEM.flatMap(bind),
      ...(isOpen ? NETWORK.flatMap(bind) : []),
      ...given.flatMap(({ path }, index) => [
        ...['--perms', '0444', '--ro-bind-data', `${STATUS_FD + 1 + index}`, path],
      ]),
      ...readable.flatMap(bind),
      ...(workspace === undefined
        ? ['--dir', WORKSPACE]
        : [workspace.writable ? '--bind' : '--ro-bind', workspace.root, WORKSPACE]),
      ...Object.entries(bound).flatMap(([inside, outside]) => ['--ro-bind', outside, inside]),
      ...['--remount-ro', '/', '--chdir', WORKSPACE],
      ...['--json-status-fd', `${STATUS_FD}`],
      '--',
      ...command,
    ],
    given: given.map(({ content }) => content),
  }
}

/** Programs that look up the user fail without an entry for it; nobody else is listed. */
function filesOf(isOpen: boolean): GivenFile[] {
  const { uid, gid } = userInfo()
  const user = userName()
  const others = (line: string) => (uid === 65_534 ? '' : `${line}\n`)
  return [
    {
      path: '/etc/passwd',
      content: `${user}:x:${uid}:${gid}::${HOME}:/bin/sh\n${others('nobody:x:65534:65534::/:/bin/false')}`,
    },
    { path: '/etc/group', content: `${user}:x:${gid}:\n${others('nogroup:x:65534:')}` },
    ...(isOpen ? [] : [{ path: '/etc/hosts', content: '127.0.0.1 localhost\n::1 localhost\n' }]),
  ]
}

/** Root keeps its name, because programs check for it. */
function userName(): string {
  return userInfo().uid === 0 ? 'root' : 'tutti'
}

/** The environment of every program, extended by the operator's settings. */
export function environmentOf({ env }: Pick<Confinement, 'env'>): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME,
    USER: userName(),
    LOGNAME: userName(),
    LANG: 'C.UTF-8',
    ...env,
  }
}

/** Finds `bwrap`, but only in the system's own folders: others may change a search path. */
export function findSandbox(): string | undefined {
  return ['/usr/bin/bwrap', '/usr/local/bin/bwrap', '/bin/bwrap'].find(isProgram)
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** What came of trying each program. A try starts a process and waits for it, so there is one. */
const tried = new Map<string, string | undefined>()

/** Why programs cannot be confined here, found by confining one; `undefined` if they can. */
export function sandboxProblem(program: string | undefined): string | undefined {
  if (program === undefined) return 'bubblewrap (bwrap) is not installed.'
  if (!tried.has(program)) tried.set(program, problemOf(program))
  return tried.get(program)
}

function problemOf(program: string): string | undefined {
  const line = sandboxLine(['true'], { network: false, readable: [] }, undefined)
  const empty = openSync('/dev/null', 'r')
  try {
    const { status } = spawnSync(program, line.arguments, {
      env: environmentOf({ env: {} }),
      // For descriptors above 2, 'ignore' would leave them closed, which the sandbox rejects.
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', ...line.given.map(() => empty)],
      timeout: 5_000,
    })
    return status === 0 ? undefined : 'bubblewrap cannot make a sandbox here.'
  } finally {
    closeSync(empty)
  }
}
