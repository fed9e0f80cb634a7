import { type ChildProcess, execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { type OxlintRule, oxlintConfig } from './rules.ts'

/** A diagnostic of oxlint. `code` is absent if a file could not be parsed. */
const Diagnostic = z.object({
  message: z.string(),
  code: z.string().optional(),
  help: z.string().optional(),
  note: z.string().optional(),
  filename: z.string(),
  labels: z.array(z.object({ span: z.object({ line: z.int().optional() }) })).default([]),
})
const Output = z.object({ diagnostics: z.array(Diagnostic) })
export type Diagnostic = z.output<typeof Diagnostic>

export interface OxlintRun {
  /** @throws {Error} It could not be run, or did not return a report. */
  diagnostics: Promise<Diagnostic[]>
  child: ChildProcess
}

/**
 * Lints the files in `folder`, which contains only copies: no configuration or plugin of the
 * reviewed project is within reach. oxlint is also told to read only our configuration, because by
 * default it runs plugins that a project's configuration names.
 */
export function startOxlint(
  folder: string,
  scratchDir: string,
  rules: readonly OxlintRule[],
): OxlintRun {
  const configPath = join(scratchDir, 'oxlint.json')
  writeFileSync(configPath, JSON.stringify(oxlintConfig(rules)))
  const binary = fileURLToPath(new URL('bin/oxlint', import.meta.resolve('oxlint/package.json')))
  const args = [
    binary,
    '-c',
    configPath,
    '--disable-nested-config',
    '--no-ignore',
    '--no-error-on-unmatched-pattern',
    // Other tasks run on the other cores.
    '--threads=1',
    '--format',
    'json',
    folder,
  ]
  const { promise, resolve, reject } = Promise.withResolvers<Diagnostic[]>()
  const child = execFile(
    process.execPath,
    args,
    { cwd: scratchDir, env: {}, maxBuffer: 256 * 1024 * 1024, killSignal: 'SIGKILL' },
    (error, stdout) => {
      // It exits with 1 if it found something.
      const failed = error !== null && !(error.code === 1 && stdout.trimStart().startsWith('{'))
      if (failed) {
        const how = error.signal ?? `exit code ${error.code}`
        reject(new Error(`oxlint ended without a result (${how})`, { cause: error }))
      } else {
        try {
          resolve(Output.parse(JSON.parse(stdout)).diagnostics)
        } catch (cause) {
          reject(new Error('oxlint did not return a report', { cause }))
        }
      }
    },
  )
  return { diagnostics: promise, child }
}
