type Name = string;

const names: Name[] = [];
console.log(names[0]!.length);

export default function main(): void {}
