/**
 * Adds to `package-lock.json` the optional packages of platforms that the registry at hand does
 * not hold. npm leaves them out there, and then `npm ci` fails wherever the registry has them:
 * "Missing: … from lock file". A second run changes nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface LockedPackage {
  version?: string
  dev?: boolean
  optional?: boolean
  devOptional?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optionalDependencies?: Record<string, string>
}

export interface Lockfile {
  packages: Record<string, LockedPackage>
}

/** The missing entries, keyed by their place in the lockfile. */
export function missingPlatformPackages(lockfile: Lockfile): Record<string, LockedPackage> {
  const missing: Record<string, LockedPackage> = {}
  for (const [place, owner] of Object.entries(lockfile.packages)) {
    for (const [name, range] of Object.entries(owner.optionalDependencies ?? {})) {
      // A range has no single version to lock; all platform packages that npm drops are pinned.
      if (isLocked(lockfile, place, name) || !/^\d/.test(range)) continue
      missing[`node_modules/${name}`] = {
        version: range,
        ...(owner.dev === true ? { dev: true } : {}),
        optional: true,
        ...platformOf(name),
      }
    }
  }
  return missing
}

/** Looks where Node would: in the owner's own packages first, then in each folder above. */
function isLocked(lockfile: Lockfile, place: string, name: string): boolean {
  let folder = place
  while (true) {
    const candidate = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (candidate in lockfile.packages) return true
    if (folder === '') return false
    const parent = folder.lastIndexOf('/node_modules/')
    folder = parent === -1 ? '' : folder.slice(0, parent)
  }
}

/** Derived from the naming convention of platform packages; without them npm would try each. */
function platformOf(name: string): Pick<LockedPackage, 'os' | 'cpu' | 'libc'> {
  const words = name.split('/').at(-1)?.split('-') ?? []
  const os = words.find((word) =>
    /^(linux|darwin|win32|freebsd|android|openharmony|aix|sunos|netbsd|openbsd)$/.test(word),
  )
  const cpu = words.find((word) =>
    /^(x64|arm64|arm|ia32|ppc64|ppc64le|riscv64|s390x|loong64|wasm32|mips64el)$/.test(word),
  )
  const libc = words.find((word) => /^(gnu|musl)/.test(word))
  return {
    ...(cpu === undefined ? {} : { cpu: [cpu === 'ppc64le' ? 'ppc64' : cpu] }),
    ...(os === 'linux' && libc !== undefined
      ? { libc: [libc.startsWith('musl') ? 'musl' : 'glibc'] }
      : {}),
    ...(os === undefined ? {} : { os: [os] }),
  }
}

/** @returns the number of entries added to the file. */
export function completeLockfile(path: string): number {
  const lockfile = JSON.parse(readFileSync(path, 'utf8')) as Lockfile
  const missing = missingPlatformPackages(lockfile)
  const count = Object.keys(missing).length
  if (count === 0) return 0
  const all = Object.entries({ ...lockfile.packages, ...missing })
  // npm's order of places.
  all.sort(([a], [b]) => a.localeCompare(b, 'en'))
  writeFileSync(
    path,
    `${JSON.stringify({ ...lockfile, packages: Object.fromEntries(all) }, null, 2)}\n`,
  )
  return count
}

if (import.meta.main) {
  const count = completeLockfile(join(import.meta.dirname, '..', 'package-lock.json'))
  console.log(count === 0 ? 'package-lock.json is complete' : `added ${count} platform packages`)
}
