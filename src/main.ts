if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `bidloop: this is Node ${process.versions.node}, and Bidloop needs 24 or newer.\n  Use \`npm start\` or ./bidloop: they bring the right one.`,
  );
  process.exit(1);
}
const { runProgram } = await import('./cli/program.ts');
process.exitCode = await runProgram(process.argv.slice(2), process.env);
export {};
