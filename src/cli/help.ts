import { Help, type Option } from '@commander-js/extra-typings'

/** The part of `tutti --help` after the commands. */
export const EXAMPLES = `
Examples:
  tutti init                               writes a first plan
  tutti run review.yaml                    submit, watch, print the synthesis
  tutti run review.yaml --json | jq .      the same for a program
  tutti validate review.yaml               what it would do, and what is wrong with it
  tutti ls --status running
  tutti output last security               what one task of the newest plan produced
  tutti open last                          its page on the dashboard
  tutti synth PLAN --instructions "Only what blocks a release"
  tutti synth PLAN --format sarif > findings.sarif
  tutti synth PLAN --format patch | git apply

Exit codes of run, watch, retry --wait and resume --wait:
  0 succeeded  2 partial  3 failed  4 cancelled  5 edits in conflict  1 anything else

PLAN is the id of a plan, an unambiguous beginning of it, or last for the newest one.

Plans are YAML or JSON. For completion in an editor, begin a plan with
  # yaml-language-server: $schema=plan.schema.json
after \`tutti schema > plan.schema.json\`.`

/** A flag that is off by default needs no mention of its default. */
export function optionDescription(option: Option): string {
  const { description, defaultValue, defaultValueDescription } = option
  return defaultValue === false && defaultValueDescription === undefined
    ? description
    : new Help().optionDescription(option)
}
