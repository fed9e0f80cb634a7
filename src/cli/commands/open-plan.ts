import { spawn } from 'node:child_process'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'

/** Commands that open an address in the user's browser. */
const OPENERS: Partial<Record<NodeJS.Platform, [command: string, ...args: string[]]>> = {
  darwin: ['open'],
  win32: ['explorer'],
}

/**
 * Opens the page of a plan, or the list of plans, in the browser and prints its address. @returns
 * The exit code.
 */
export async function openPlan(
  { terminal, url }: Context,
  planId: string | undefined,
): Promise<number> {
  const page = planId === undefined ? 'dashboard/' : `dashboard/plans/${encodeURIComponent(planId)}`
  const address = `${url}/${page}`
  terminal.out(address)
  // In a pipe, the address is the result.
  if (process.stdout.isTTY) await startBrowser(address)
  return EXIT.succeeded
}

/** A machine without a browser is not an error: the address has been printed. */
function startBrowser(address: string): Promise<void> {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open']
  return new Promise((resolve) => {
    const child = spawn(command, [...args, address], { stdio: 'ignore', detached: true })
    child.once('error', () => resolve())
    child.once('spawn', () => {
      child.unref()
      resolve()
    })
  })
}
