/** Limits for one workspace. */
export interface WorkspaceLimits {
  /** Files in one listing. */
  maxListedFiles: number
  /** Files that a task's own folder may start with. */
  maxFiles: number
  /** Total bytes of these files. */
  maxBytes: number
  /** Total bytes of the files that one task changed. */
  maxChangedBytes: number
  /** Bytes of one task's patch; the merged patch may have as much per task. */
  maxPatchBytes: number
  /** Bytes of one side of a conflict; larger ones are not shown. */
  maxConflictBytes: number
  /** How long a fetch may take. */
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
  /** Everything is written below this folder, which need not exist. */
  dataDir: string
  /** Folders that a plan's `path` may be in. */
  roots: string[]
  /** Hosts that repositories may be fetched from, with non-default ports. */
  gitHosts: string[]
  /** `https` by default. With `file`, repositories inside `roots` may also be used. */
  gitSchemes?: string[] | undefined
  credentials?: Record<string, GitCredential> | undefined
  /** Added to the environment of git processes: `PATH`, `HTTPS_PROXY`, `SSL_CERT_FILE` … */
  environment?: Record<string, string> | undefined
  limits?: Partial<WorkspaceLimits> | undefined
  log?: WorkspaceLog | undefined
}
