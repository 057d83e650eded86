"""What the quantities in the displays of errata are worth."""

UNREAD = {
    r"""\begin{aligned}
\log (1/2)^{1\,000\,000\,000} &= 10^9 \log(1/2) \\
&\approx -301029995.6
\end{aligned}""": "the slip that the page refutes",
}
CONSTANTS = {
    "0.51": "any probability above a half",
    "2.1": "a version of TensorFlow",
    "2017": "a year",
    "2019": "a year",
    "-301029995.6": "Dive into Deep Learning, section 22.7: the slip that is refuted",
    "95": "what 1.96 standard errors to each side of a normal law hold, in percent",
}
