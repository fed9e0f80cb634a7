/** Bounds on what one workspace may cost. */
export interface WorkspaceLimits {
  /** Files that one listing names. */
  maxListedFiles: number
  /** Files that a task's own folder may start with. */
  maxFiles: number
  /** Bytes of all files that it may start with. */
  maxBytes: number
  /** Bytes of the files that one task changed, taken together. */
  maxChangedBytes: number
  /** Bytes of one task's patch, and of the merged one per task in it. */
  maxPatchBytes: number
  /** Bytes of one side of a conflict, beyond which it is not shown. */
  maxConflictBytes: number
  /** How long one fetch may take. */
  fetchTimeoutMs: number
  /** How long a fetched repository is kept after the last plan that used it was forgotten. */
  keepRepositoryMs: number
}

export const DEFAULT_WORKSPACE_LIMITS: WorkspaceLimits = {
  maxListedFiles: 50_000,
  maxFiles: 200_000,
  maxBytes: 2 * 1024 ** 3,
  maxChangedBytes: 64 * 1024 ** 2,
  maxPatchBytes: 16 * 1024 ** 2,
  maxConflictBytes: 256 * 1024,
  fetchTimeoutMs: 5 * 60_000,
  keepRepositoryMs: 7 * 86_400_000,
}

/** A secret for one host, so that a plan cannot have it sent to another. */
export interface GitCredential {
  /** As in the URL: `github.com`, or `git.example.com:8443`. */
  host: string
  /** A token, or `user:password`. */
  token: string
}

export interface WorkspaceLog {
  warn(fields: Record<string, unknown>, message: string): void
}

export interface WorkspaceOptions {
  /** Everything that is written goes below it. It need not exist. */
  dataDir: string
  /** Folders that a plan's `path` may lie in. */
  roots: string[]
  /** Hosts that repositories may be fetched from, with their port where it is not the scheme's. */
  gitHosts: string[]
  /** `https` unless given. With `file`, repositories inside `roots` may be used too. */
  gitSchemes?: string[] | undefined
  credentials?: Record<string, GitCredential> | undefined
  /** For the git processes, beside what they always get: `PATH`, `HTTPS_PROXY`, `SSL_CERT_FILE` … */
  environment?: Record<string, string> | undefined
  limits?: Partial<WorkspaceLimits> | undefined
  log?: WorkspaceLog | undefined
}
