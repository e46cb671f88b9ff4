/** Command-line options of the form --name value. Throws an Error that says what is wrong. */
export function readOptions<T extends { readonly [name: string]: number }>(args: readonly string[], defaults: T): T {
  const options: Record<string, number> = { ...defaults }
  for (let i = 0; i < args.length; i++) {
    const [flag = '', inline] = (args[i] ?? '').split('=')
    const name = flag.replace(/^--/, '')
    if (!flag.startsWith('--') || !(name in defaults))
      throw new Error(
        `unknown option ${flag}; known are ${Object.keys(defaults)
          .map((known) => `--${known}`)
          .join(', ')}`,
      )
    const text = inline ?? args[++i] ?? ''
    const value = Number(text)
    if (text === '' || !Number.isFinite(value) || value < 0) throw new Error(`${flag} needs a number, got "${text}"`)
    options[name] = value
  }
  return options as T
}
