const files = import.meta.glob<{ default: { readonly [key: string]: unknown } }>('./en/*.json', { eager: true })

/** Every area of the language: './en/shell.json' is 'shell'. */
export const catalog = Object.fromEntries(
  Object.entries(files).map(([path, file]) => [path.slice(path.lastIndexOf('/') + 1, -'.json'.length), file.default]),
)
