import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Lockfile, missingPlatformPackages } from '../../script/complete-lockfile.ts'

test('the lockfile names the binaries of every platform, so that `npm ci` runs on each', () => {
  const path = join(import.meta.dirname, '../../package-lock.json')
  const lockfile = JSON.parse(readFileSync(path, 'utf8')) as Lockfile
  // When this fails after a package was added: node script/complete-lockfile.ts
  expect(Object.keys(missingPlatformPackages(lockfile))).toEqual([])
})

test('a missing platform package is locked with the platform that its name says', () => {
  const missing = missingPlatformPackages({
    packages: {
      'node_modules/tool': {
        dev: true,
        optionalDependencies: {
          '@tool/linux-x64-musl': '1.2.3',
          'tool-darwin-arm64': '1.2.3',
          '@tool/linux-x64-gnu': '1.2.3',
        },
      },
      'node_modules/@tool/linux-x64-gnu': { version: '1.2.3' },
    },
  })
  expect(missing).toEqual({
    'node_modules/@tool/linux-x64-musl': {
      version: '1.2.3',
      dev: true,
      optional: true,
      os: ['linux'],
      cpu: ['x64'],
      libc: ['musl'],
    },
    'node_modules/tool-darwin-arm64': {
      version: '1.2.3',
      dev: true,
      optional: true,
      os: ['darwin'],
      cpu: ['arm64'],
    },
  })
})

test('a package is found beside its owner and in every folder above', () => {
  const missing = missingPlatformPackages({
    packages: {
      'node_modules/a/node_modules/b': { optionalDependencies: { c: '1.0.0', d: '1.0.0' } },
      'node_modules/a/node_modules/c': { version: '1.0.0' },
      'node_modules/d': { version: '1.0.0' },
    },
  })
  expect(missing).toEqual({})
})
