// The kernel module: every exported function of every family, by name. What a family shares with others is not listed.
export { hashF64 } from "./hash";
