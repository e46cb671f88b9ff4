// npm test: everything that must hold before a change lands. `npm test -- --no-e2e` leaves the browser out.
import { spawnSync } from 'node:child_process'
import { findBrowser } from './browser.mjs'

function step(title, command, args, env = {}) {
  console.log(`\n== ${title}`)
  const began = Date.now()
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { ...process.env, ...env },
    shell: process.platform === 'win32',
  })
  if (status !== 0) {
    console.error(`\n${title} failed.`)
    process.exit(status ?? 1)
  }
  console.log(`== ${title}: ${((Date.now() - began) / 1000).toFixed(0)} s`)
}

step('check', 'npm', ['run', '--silent', 'check'])
step('build', 'npm', ['run', '--silent', 'build'])
if (!process.argv.includes('--no-e2e')) {
  let browser
  try {
    browser = await findBrowser()
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
  console.log(`browser: ${browser}`)
  step('end-to-end tests', 'npx', ['playwright', 'test'], { KUBARIUM_BROWSER: browser })
}
