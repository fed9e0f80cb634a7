/** What a tool tells the model instead of a result. Never contains a path outside the workspace. */
export class Refusal extends Error {
  /** What was named does not exist. */
  readonly isMissing: boolean

  constructor(message: string, { isMissing = false }: { isMissing?: boolean } = {}) {
    super(message)
    this.isMissing = isMissing
  }
}

/** Describes a file system error without the absolute path that Node puts into its message. */
export function refusalOf(error: unknown, path: string): Refusal {
  if (error instanceof Refusal) return error
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
    case 'ENOENT':
      return new Refusal(`There is no ${path}.`, { isMissing: true })
    case 'ENOTDIR':
      return new Refusal(`${path}: a part of this path is not a folder.`)
    case 'EISDIR':
      return new Refusal(`${path} is a folder.`)
    case 'ELOOP':
      return new Refusal(`${path} is, or goes through, a link.`)
    case 'EACCES':
    case 'EPERM':
      return new Refusal(`${path} may not be accessed.`)
    case 'ENXIO':
      return new Refusal(`${path} is not a regular file.`)
    case 'ENAMETOOLONG':
      return new Refusal('That path is too long.')
    default:
      return new Refusal(`${path} could not be accessed.`)
  }
}
