import type { Failure } from '../contract/errors.ts'
import type { MergedEdits, SynthesisFinding } from '../contract/synthesis.ts'
import { shorten } from '../text/shorten.ts'
import type { SettledFinding } from './settle-findings.ts'

/** Characters of output in a finding; the verification itself has more. */
const MOST_OUTPUT = 6_000
const MOST_COMMAND = 200

type Verification = NonNullable<MergedEdits['verification']>

/** Why merged edits could not be verified, or failed; `undefined` if they passed. */
export function verificationFailure({ verification, commit }: MergedEdits): Failure | undefined {
  if (verification === undefined || verification.status === 'passed') return undefined
  // Without merged edits, there is nothing to verify.
  if (commit === undefined) return undefined
  return { code: 'edits-not-verified', message: inWords(verification) }
}

/** The result of the verification, in a sentence. */
export function inWords({ command, status, exitCode, reason }: Verification): string {
  const name = `\`${shorten(command, MOST_COMMAND, '…')}\``
  switch (status) {
    case 'passed':
      return `${name} passes on the merged edits.`
    case 'failed':
      return exitCode === undefined
        ? `${name} was stopped on the merged edits: ${reason}`
        : `${name} fails on the merged edits with exit code ${exitCode}.`
    case 'not-run':
      return `${name} was not run on the merged edits: ${reason}`
  }
}

/** A failed verification as a finding, with the end of the output, which usually says what failed. */
export function verificationFindings(edits: MergedEdits | undefined): SettledFinding[] {
  const verification = edits?.verification
  if (edits === undefined || verification?.status !== 'failed') return []
  const output = verification.output.slice(-MOST_OUTPUT).toWellFormed().trim()
  const finding: Omit<SynthesisFinding, 'id'> = {
    title: inWords(verification),
    severity: 'high',
    confidence: 1,
    category: 'verification',
    detail: output === '' ? 'It wrote nothing.' : output,
    sources: edits.merged,
  }
  return [{ finding, from: [], kept: '', draftIndex: undefined, putBack: false }]
}
