// Finds a Chromium for the end-to-end tests and the pictures, or installs one where that is possible.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge', 'chrome']
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
]

function onPath() {
  for (const folder of (process.env.PATH ?? '').split(delimiter))
    for (const name of NAMES) if (existsSync(join(folder, name))) return join(folder, name)
  return PLACES.find((place) => existsSync(place))
}

async function playwrightsOwn() {
  const { chromium } = await import('@playwright/test')
  const path = chromium.executablePath()
  return path && existsSync(path) ? path : undefined
}

const run = (command, args) =>
  spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], timeout: 600_000 }).status === 0

function has(command) {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** The path of a browser. Throws an Error whose message says what to do. */
export async function findBrowser() {
  const named = process.env.KUBARIUM_BROWSER
  if (named) {
    if (existsSync(named)) return named
    throw new Error(`KUBARIUM_BROWSER is set to ${named}, which does not exist.`)
  }
  const found = onPath() ?? (await playwrightsOwn())
  if (found) return found
  console.log('No Chromium found; trying to install one.')
  if (run(process.execPath, [join('node_modules', '@playwright', 'test', 'cli.js'), 'install', 'chromium'])) {
    const own = await playwrightsOwn()
    if (own) return own
  }
  if (
    process.getuid?.() === 0 &&
    has('apt-get') &&
    run('apt-get', ['update']) &&
    run('apt-get', ['install', '-y', 'chromium', 'fonts-noto-cjk'])
  ) {
    const installed = onPath()
    if (installed) return installed
  }
  throw new Error('No browser: install Chromium or Chrome, or set KUBARIUM_BROWSER to its path, and run the tests again.')
}
