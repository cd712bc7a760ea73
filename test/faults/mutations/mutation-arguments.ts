/** What `npm run test:mutations` was asked for. */
export type MutationRequest =
  | { readonly kind: 'run'; readonly names: readonly string[] }
  | { readonly kind: 'help' }
  | { readonly kind: 'refused'; readonly reason: string };

export const MUTATION_USAGE = `Usage: npm run test:mutations -- [--only <name>]…

Makes one mistake after another in workers and producers (a lock that is not renewed, a dead letter that is dropped …) and runs the row
of the fault table that must see it. Each row also runs without a mistake, and must then be green. Takes some minutes.

  --only <name>   this mutation alone; may be repeated

Ctrl-C begins nothing new, waits for what is under way and prints the table; a second one leaves at once.
Exit code: 0 all caught, 1 one survived or a row is red without a mistake, 2 wrong arguments, 130 left by Ctrl-C.
`;

/**
 * Reads the command line.
 * @param known names of all mutations
 */
export function mutationRequest(args: readonly string[], known: readonly string[]): MutationRequest {
  if (args.some((arg) => arg === '--help' || arg === '-h')) return { kind: 'help' };
  const names: string[] = [];
  for (let i = 0; i < args.length; i += 2) {
    const [option, name] = [args[i], args[i + 1]];
    if (option !== '--only') return refused(`"${option}" is not known`);
    if (name === undefined) return refused('--only needs the name of a mutation');
    if (!known.includes(name))
      return refused(`There is no mutation "${name}"; there are: ${known.join(', ')}`);
    names.push(name);
  }
  return { kind: 'run', names: names.length === 0 ? known : names };
}

function refused(problem: string): MutationRequest {
  return { kind: 'refused', reason: `${problem}; \`npm run test:mutations -- --help\` tells more.` };
}
