import { tmpdir } from 'node:os'
import { z } from 'zod'
import { PermanentError } from '../../core/contract/errors.ts'
import { checkOptions } from '../../core/contract/field-errors.ts'
import type { TaskSpec } from '../../core/contract/task-spec.ts'
import { NO_USAGE } from '../../core/contract/usage.ts'
import type { Executor, ExecutorDescription } from '../../core/ports/executor.ts'
import { choosePerspectives } from './choose-perspectives.ts'
import { globsOf } from './files/selection.ts'
import { StaticOptions } from './options.ts'
import { renderReport } from './render-report.ts'
import type { AnalysisReport } from './report.ts'
import { runAnalysis } from './run-analysis.ts'

export interface StaticExecutorOptions {
  /** Where an analysis keeps its copies; the system's temporary folder by default. */
  temporaryDir?: string
}

/** Reviews a workspace by rules, without a model. Nothing of what it reviews is executed. */
export function staticExecutor({ temporaryDir = tmpdir() }: StaticExecutorOptions = {}): Executor {
  return {
    name: 'static',
    lane: 'cpu',
    describe,
    validate,
    async execute({ spec, workspace }, { signal, onCoreTimes }) {
      if (workspace === undefined) {
        throw new PermanentError(
          'no-workspace',
          'static analysis needs files: give the plan a `workspace`',
        )
      }
      const { maxFindings } = optionsOf(spec)
      const { perspectives, because } = choosePerspectives(spec)
      const globs = globsOf(spec.files)
      const request = { root: workspace.root, globs, perspectives, maxFindings }
      const report = await runAnalysis(request, { temporaryDir, signal, onCoreTimes })
      const text = renderReport(report, { perspectives, because, globs })
      const output = { text, findings: report.findings }
      const reason = incompleteness(report, globs)
      return reason === undefined
        ? { status: 'succeeded', output, usage: NO_USAGE }
        : { status: 'incomplete', output, reason, usage: NO_USAGE }
    },
  }
}

/** Computed once: packages do not come and go while the process runs. */
let description: ExecutorDescription | undefined

function describe(): ExecutorDescription {
  description ??= describeHere()
  return description
}

function describeHere(): ExecutorDescription {
  const reason = unavailability()
  return {
    name: 'static',
    description:
      'Static analysis of TypeScript and JavaScript by rules, and of all text files for secrets. It needs no model and no key, and executes nothing in the workspace.',
    available: reason === undefined,
    ...(reason !== undefined && { reason }),
    tools: [],
    capabilities: {
      readsWorkspace: true,
      requiresWorkspace: true,
      writesWorkspace: false,
      usesModel: false,
      structuredOutput: false,
      resumes: false,
      readsMessages: false,
    },
    cost: 'none',
    options: z.toJSONSchema(StaticOptions, { io: 'input' }),
  }
}

function validate(spec: TaskSpec): { path: (string | number)[]; message: string }[] {
  const errors = checkOptions(StaticOptions, spec.options)
  for (const field of ['model', 'tools', 'outputSchema'] as const) {
    if (spec[field] !== undefined) {
      errors.push({ path: [field], message: 'is not supported by the executor `static`' })
    }
  }
  return errors
}

/** Validated at submission, but stored options may be older than the current rules. */
function optionsOf(spec: TaskSpec): StaticOptions {
  const parsed = StaticOptions.safeParse(spec.options ?? {})
  if (parsed.success) return parsed.data
  throw new PermanentError('invalid-options', `options: ${z.prettifyError(parsed.error)}`)
}

/** Why a review that ran is incomplete: nothing to look at, or a tool that failed. */
function incompleteness(report: AnalysisReport, globs: readonly string[]) {
  if (report.failures.length > 0) {
    return {
      code: 'tool-failed',
      message: `a part of the analysis did not run: ${report.failures.join('; ')}`,
    }
  }
  if (report.analysedCount + report.searchedCount > 0) return undefined
  const message =
    report.selectedCount > 0
      ? 'none of the files is of a kind that these rules can read (TypeScript and JavaScript)'
      : globs.length > 0
        ? 'no file of the workspace matches the `files` of the task'
        : 'the workspace holds no files'
  return { code: 'nothing-to-analyse', message }
}

/** Why it cannot run here; undefined if it can. */
function unavailability(): string | undefined {
  for (const tool of ['@ast-grep/napi', '@secretlint/core', 'oxlint/package.json', 'scslre']) {
    try {
      import.meta.resolve(tool)
    } catch {
      return `the package of ${tool} is not installed`
    }
  }
  return undefined
}
