import { spawnSync } from 'node:child_process'
import { accessSync, closeSync, constants, openSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { Workspace } from '../../core/ports/executor.ts'
import type { Confinement } from './confinement.ts'

/** Where a program finds the workspace; its place outside is none of its business. */
export const WORKSPACE = '/workspace'
const HOME = '/home/tutti'
/** Of /tmp and of the home folder, each. */
const TEMPORARY_BYTES = 1_073_741_824
/** Shared memory: browsers and databases want some. Without a limit it may fill half the machine's. */
const SHARED_MEMORY_BYTES = 268_435_456

/** Programs, libraries and what they cannot do without. Not all of /etc: that holds secrets. */
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

/** The file descriptor on which the sandbox tells of its processes. */
export const STATUS_FD = 3

/** A file that the sandbox is given through a descriptor of its own. */
interface GivenFile {
  path: string
  content: string
}

/** What the sandbox is made of: its arguments, and what goes into its descriptors from `STATUS_FD` on. */
export interface SandboxLine {
  arguments: string[]
  given: string[]
}

/**
 * The call of `bwrap` that leaves a program nothing but the system's programs, its workspace, an empty
 * /tmp and an empty home: no process, file, other user or secret of this machine, and no network unless
 * it is allowed. Options as in bwrap(1).
 */
export function sandboxLine(
  command: readonly string[],
  { network, readable }: Pick<Confinement, 'network' | 'readable'>,
  workspace: Workspace | undefined,
  /** Files from outside, each with its place inside. */
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

/** Without an entry for the user, programs that ask for it fail; nobody else is named. */
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

/** Root keeps its name, because programs know it by that. */
function userName(): string {
  return userInfo().uid === 0 ? 'root' : 'tutti'
}

/** What every program is given; what the operator wrote down comes on top. */
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

/** Where `bwrap` is. Only the system's own places: a search path is for others to change. */
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

/** Why programs cannot be confined here, found by confining one; `undefined` when they can. */
export function sandboxProblem(program: string | undefined): string | undefined {
  if (program === undefined) return 'bubblewrap (bwrap) is not installed.'
  const line = sandboxLine(['true'], { network: false, readable: [] }, undefined)
  const empty = openSync('/dev/null', 'r')
  try {
    const { status } = spawnSync(program, line.arguments, {
      env: environmentOf({ env: {} }),
      // From the third on, 'ignore' would leave the descriptor closed, and the sandbox refuses that.
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', ...line.given.map(() => empty)],
      timeout: 5_000,
    })
    return status === 0 ? undefined : 'bubblewrap cannot make a sandbox here.'
  } finally {
    closeSync(empty)
  }
}
