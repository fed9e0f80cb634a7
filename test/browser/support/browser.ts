import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface Browser {
  context: BrowserContext
  /** A fresh page. What it complains about is collected in `complaints`. */
  open(url: string, size?: { width: number; height: number }): Promise<Page>
  /** Errors of scripts, refused policies and failed loads, since the last `open`. */
  complaints: string[]
  close(): Promise<void>
}

/** Debian's Chromium with its own profile. */
export async function launchBrowser(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'tutti-chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
    viewport: { width: 1280, height: 860 },
  })
  const complaints: string[] = []
  return {
    context,
    complaints,
    async open(url, size) {
      complaints.length = 0
      for (const old of context.pages().slice(1)) await old.close()
      const page = await context.newPage()
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text())
      })
      if (size !== undefined) await page.setViewportSize(size)
      await page.goto(url)
      return page
    },
    async close() {
      await context.close()
      await rm(profile, { recursive: true, force: true })
    },
  }
}
