import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import type { Workspace } from '../../core/ports/executor.ts'
import type { Command } from './options.ts'

/** Where a command finds the workspace; its place outside is none of its business. */
const WORKSPACE = '/workspace'
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
]
const NETWORK = [
  '/etc/hosts',
  '/etc/resolv.conf',
  '/etc/nsswitch.conf',
  '/etc/ssl/certs',
  '/etc/ca-certificates',
]

/** The file descriptor on which the sandbox tells of its processes. */
export const STATUS_FD = 3

/**
 * Arguments of `bwrap` that leave a command nothing but the system's programs, its workspace and
 * an empty /tmp: no process, file, user or secret of this machine, and no network unless it is
 * allowed. Options as in bwrap(1).
 */
export function sandboxArguments(
  { command, network, readable }: Pick<Command, 'command' | 'network' | 'readable'>,
  workspace: Workspace | undefined,
): string[] {
  const bind = (path: string) => ['--ro-bind-try', path, path]
  return [
    '--unshare-all',
    ...(network ? ['--share-net'] : []),
    // It ends with this process, and has no terminal to write to.
    '--die-with-parent',
    '--new-session',
    '--cap-drop',
    'ALL',
    ...['--size', `${TEMPORARY_BYTES}`, '--tmpfs', '/tmp'],
    ...['--proc', '/proc', '--dev', '/dev'],
    ...['--size', `${SHARED_MEMORY_BYTES}`, '--tmpfs', '/dev/shm', '--remount-ro', '/dev'],
    ...SYSTEM.flatMap(bind),
    ...(network ? NETWORK.flatMap(bind) : []),
    ...readable.flatMap(bind),
    ...(workspace === undefined
      ? ['--dir', WORKSPACE]
      : [workspace.writable ? '--bind' : '--ro-bind', workspace.root, WORKSPACE]),
    ...['--remount-ro', '/', '--chdir', WORKSPACE],
    ...['--json-status-fd', `${STATUS_FD}`],
    '--',
    ...command,
  ]
}

/** What every command is given; what the operator wrote down comes on top. */
export function environmentOf(command: Pick<Command, 'env'>): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: '/tmp',
    LANG: 'C.UTF-8',
    ...command.env,
  }
}

/** Where `bwrap` is. Only the system's own places: a search path is for others to change. */
export function findSandbox(): string | undefined {
  return ['/usr/bin/bwrap', '/usr/local/bin/bwrap', '/bin/bwrap'].find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Why commands cannot be confined here, found by confining one; `undefined` when they can. */
export function sandboxProblem(program: string | undefined): string | undefined {
  if (program === undefined) return 'bubblewrap (bwrap) is not installed.'
  const trial = { command: ['true'], network: false, readable: [] }
  const { status } = spawnSync(program, sandboxArguments(trial, undefined), {
    env: environmentOf({ env: {} }),
    // From the third on, 'ignore' would leave the descriptor closed, and the sandbox refuses that.
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    timeout: 5_000,
  })
  return status === 0 ? undefined : 'bubblewrap cannot make a sandbox here.'
}
