import { PermanentError, TransientError } from '../../core/contract/errors.ts'
import { GitFailure } from './git.ts'

// Git only explains a failed fetch in words. They are matched in English (LC_ALL=C), and an unknown
// text counts as a temporary failure, because that only costs another attempt.

/** A server of plain files ("dumb HTTP"), which cannot make shallow clones. */
export function isNoShallow(error: unknown): boolean {
  return says(error, /dumb http transport does not support shallow/)
}

/** The server does not serve this commit by its id, or does not have it. */
export function isUnknownObject(error: unknown): boolean {
  return says(error, /not our ref|unadvertised object|couldn't find remote ref/)
}

/** What callers are told about a failed fetch: nothing that the remote or git wrote. */
export function fetchProblem(error: GitFailure): PermanentError | TransientError {
  const found = PROBLEMS.find(({ pattern }) => pattern.test(error.stderr))
  if (found !== undefined) return new PermanentError(found.code, found.message, { cause: error })
  return new TransientError('The repository could not be fetched just now.', {
    code: 'workspace-unavailable',
    cause: error,
  })
}

const PROBLEMS = [
  {
    pattern:
      /couldn't find remote ref|not our ref|unadvertised object|[Rr]emote branch .* not found/,
    code: 'workspace-not-found',
    message: 'The repository has no such ref.',
  },
  {
    pattern: /returned error: 30\d|unable to update url base from redirection/,
    code: 'workspace-refused',
    message: 'The repository has moved, and redirects are not followed.',
  },
  {
    pattern:
      /Authentication failed|could not read (Username|Password)|terminal prompts disabled|returned error: (401|403|404|410)|repository '.*' not found|does not appear to be a git repository|Permission denied|Host key verification failed/,
    code: 'workspace-not-found',
    message: 'There is no such repository, or it requires a credential.',
  },
  {
    pattern: /fsck error|mismatched algorithms/,
    code: 'workspace-refused',
    message: 'The repository holds objects that are malformed or not supported.',
  },
  {
    pattern: /dubious ownership/,
    code: 'workspace-refused',
    message: 'The repository belongs to another user of this machine.',
  },
]

function says(error: unknown, pattern: RegExp): boolean {
  return error instanceof GitFailure && pattern.test(error.stderr)
}
