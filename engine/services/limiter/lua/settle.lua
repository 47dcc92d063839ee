-- Tells how granted requests went. Answers when the domain was made, with `+` if just now.

openDomain()
settleAll(input.settled, input.teller)
writeStates()
closeDomain()
return bootText()
